package differential

// masks is the table of every known deviation, in the order in which they are
// applied. Each cites the sentence of AWS's documentation that it is based on and rewrites
// no more than that sentence is about. Where AWS does not define the behavior, the reason
// says so: iam then decides so that the uncertainty never helps the caller.
func masks() []*mask {
	table := wholeMasks()
	table = append(table, principalMasks()...)
	table = append(table, resourceMasks()...)
	table = append(table, conditionMasks()...)
	table = append(table, typedMasks()...)
	table = append(table, addressMasks()...)
	return append(table, variableMasks()...)
}
