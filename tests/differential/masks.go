package differential

// masks is the table of every known deviation, in the order in which they are
// applied. The reasons say what iam does instead, and why.
func masks() []*mask {
	table := wholeMasks()
	table = append(table, principalMasks()...)
	table = append(table, resourceMasks()...)
	table = append(table, conditionMasks()...)
	table = append(table, typedMasks()...)
	table = append(table, addressMasks()...)
	return append(table, variableMasks()...)
}
