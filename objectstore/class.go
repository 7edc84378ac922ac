package objectstore

import "croft/internal/errs"

// StorageClass says how much redundancy an object's large body gets. What is small
// lies beside the metadata and gets the store's, whatever its class.
type StorageClass string

// The classes. Without one an object is standard; a copy is what its source is.
const (
	ClassUnset    StorageClass = ""
	ClassStandard StorageClass = "STANDARD"
	ClassReduced  StorageClass = "REDUCED_REDUNDANCY"
)

// ErrClassInvalid refuses other classes.
var ErrClassInvalid = errs.New(errs.Invalid, "storage_class_invalid", "The storage classes are STANDARD and REDUCED_REDUNDANCY.")

// Kept returns the class as objects have it: ClassUnset is standard. Others than
// those above are ErrClassInvalid.
func (c StorageClass) Kept() (StorageClass, error) {
	switch c {
	case ClassUnset, ClassStandard:
		return ClassUnset, nil
	case ClassReduced:
		return c, nil
	}
	return "", ErrClassInvalid
}

// Name is what the class is called, ClassStandard for none.
func (c StorageClass) Name() string {
	if c == ClassUnset {
		return string(ClassStandard)
	}
	return string(c)
}
