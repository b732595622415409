package search

// numbers reads {1,2,3}, the text form of an array of whole numbers.
func numbers(list []byte) []int64 {
	out := make([]int64, 0, len(list)/5+1)
	n, any, minus := int64(0), false, false
	for _, c := range list {
		switch {
		case c >= '0' && c <= '9':
			n, any = n*10+int64(c-'0'), true
		case c == '-':
			minus = true
		case any:
			if minus {
				n = -n
			}
			out = append(out, n)
			n, any, minus = 0, false, false
		}
	}
	return out
}

// group reads the first {..} and gives the rest.
func group(lists []byte) ([]int64, []byte) {
	for i, c := range lists {
		if c == '}' {
			return numbers(lists[:i+1]), lists[i+1:]
		}
	}
	return nil, nil
}
