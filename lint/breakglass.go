package lint

import "extauthz/diag"

// breakGlass reports the break-glass policies in force. The store logs them by itself.
func (l *linter) breakGlass() {
	for _, file := range l.contents.BreakGlass {
		l.report(diag.File(file).At(diag.Point{Line: 1, Column: 1}), "break-glass",
			messagef("the break-glass policy is in force"),
			messagef("remove the file when the emergency is over"))
	}
}
