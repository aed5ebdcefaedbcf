package core

// Faults gathers what is wrong with an input, so that all is told at once.
type Faults []FieldFault

// Add notes a fault of the field, a path with dots; text is for people, in
// Russian, without personal data.
func (f *Faults) Add(field, text string) { *f = append(*f, FieldFault{Field: field, Text: text}) }

// Err is nil if nothing is wrong, otherwise KindInvalid with all faults. The
// field of a single fault is the error's own, too.
func (f Faults) Err(code string) error {
	if len(f) == 0 {
		return nil
	}
	e := &Error{Kind: KindInvalid, Code: code, Faults: f}
	if len(f) == 1 {
		e.Field = f[0].Field
	}
	return e
}
