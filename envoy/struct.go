package envoy

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// readStruct returns the fields of a Struct, nil if it has none.
func readStruct(message []byte) map[string]any {
	all := map[string]any{}
	addStruct(message, all)
	if len(all) == 0 {
		return nil
	}
	return all
}

// addStruct adds the fields of a Struct to a map.
func addStruct(message []byte, all map[string]any) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		if f.number != 1 {
			continue
		}
		var name string
		var value any
		for entry := (fieldReader{message: f.value()}); entry.nextBytes(); {
			switch entry.number {
			case 1:
				name = string(entry.value())
			case 2:
				value = readValue(entry.value(), value)
			}
		}
		all[name] = value
	}
}

// readValue returns a Value as [structpb.Value.AsInterface] does. The last of its
// alternatives counts. previous is the value with which protobuf merges it.
func readValue(message []byte, previous any) any {
	value := previous
	for f := (fieldReader{message: message}); f.next(); {
		switch (kind{f.number, f.wireType}) {
		case kind{1, protowire.VarintType}: // null_value
			value = nil
		case kind{2, protowire.Fixed64Type}:
			bits, _ := protowire.ConsumeFixed64(f.value())
			value = number(math.Float64frombits(bits))
		case kind{3, protowire.BytesType}:
			value = string(f.value())
		case kind{4, protowire.VarintType}:
			bits, _ := protowire.ConsumeVarint(f.value())
			value = protowire.DecodeBool(bits)
		case kind{5, protowire.BytesType}:
			all, merge := value.(map[string]any)
			if !merge {
				all = map[string]any{}
			}
			addStruct(f.value(), all)
			value = all
		case kind{6, protowire.BytesType}:
			list, _ := value.([]any)
			value = addList(f.value(), list)
		}
	}
	return value
}

// addList returns list, which may be nil, with the items of a ListValue.
func addList(message []byte, list []any) []any {
	if list == nil {
		list = []any{}
	}
	for f := (fieldReader{message: message}); f.nextBytes(); {
		if f.number == 1 {
			list = append(list, readValue(f.value(), nil))
		}
	}
	return list
}

// kind is the number and the wire type of a field.
type kind struct {
	number   int
	wireType protowire.Type
}

// number returns a number as structpb does: JSON has no form for some numbers.
func number(n float64) any {
	switch {
	case math.IsNaN(n):
		return "NaN"
	case math.IsInf(n, 1):
		return "Infinity"
	case math.IsInf(n, -1):
		return "-Infinity"
	}
	return n
}
