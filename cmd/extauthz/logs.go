package main

import (
	"flag"
	"fmt"

	"extauthz/decisionlog"
	"extauthz/diag"
)

// logFiles are the decision logs that a command reads.
type logFiles []string

func (l *logFiles) declare(flags *flag.FlagSet) {
	flags.Func("log", "`FILE` with a decision log, or - for standard input; may be repeated; required", repeated((*[]string)(l)))
}

// maxBadLines is the number of lines without a decision that are reported, of each log.
const maxBadLines = 10

// read calls use for each decision of the logs. It reports lines that are not decisions on
// standard error. It returns the counts of all lines.
func (l logFiles) read(in *invocation, use func(log string, e *decisionlog.Entry) error) (total decisionlog.Counts, err error) {
	if len(l) == 0 {
		return total, inputError{diag.Problemf("--log is missing").WithRemedy("give the file of a decision log")}
	}
	for _, file := range l {
		counts, err := readLog(in, file, use)
		if err != nil {
			return total, err
		}
		total = total.Plus(counts)
	}
	if total.Decisions == 0 {
		return total, inputError{diag.Problemf("the log has no decision: %d lines are something else", total.Bad()).WithRemedy("give the standard output or the --decision-log-file of serve")}
	}
	return total, nil
}

func readLog(in *invocation, file string, use func(string, *decisionlog.Entry) error) (decisionlog.Counts, error) {
	source, from, err := openInput(in, []string{file})
	if err != nil {
		return decisionlog.Counts{}, inputError{err}
	}
	defer from.Close()
	r := decisionlog.NewReader(source, from)
	if err := readEntries(in, r, func(e *decisionlog.Entry) error { return use(source, e) }); err != nil {
		return r.Counts(), inputErrorf("%s: %w", source, err)
	}
	reportBadLines(in, source, r)
	return r.Counts(), nil
}

// readEntries calls use for each entry, and shows the progress.
func readEntries(in *invocation, r *decisionlog.Reader, use func(*decisionlog.Entry) error) error {
	reading := in.begin("reading decisions")
	defer reading.end()
	for r.Next() {
		if err := use(r.Entry()); err != nil {
			return err
		}
		reading.count(r.Counts().Decisions, 0)
	}
	return r.Err()
}

// reportBadLines reports the lines of a log that are not decisions on standard error.
func reportBadLines(in *invocation, source string, r *decisionlog.Reader) {
	bad := r.BadLines()
	for _, d := range bad[:min(len(bad), maxBadLines)] {
		fmt.Fprintf(in.stderr, "extauthz %s: warning: %v\n", in.command, d)
	}
	if more := r.Counts().Bad() - maxBadLines; more > 0 {
		fmt.Fprintf(in.stderr, "extauthz %s: warning: %s: %d more lines are not decisions\n", in.command, source, more)
	}
}
