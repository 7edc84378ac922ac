// Package query answers S3 Select's statements about one object: it reads records of CSV,
// JSON or Parquet one by one, keeps those that a condition is true of, and writes what was
// asked of each, or counts of all.
//
// It never has more than one record in memory, and none of more than MaxRecord bytes (for a
// JSON document MaxDocument), and it reads no further than the limit of the statement
// asks. Errors are *Error, with S3's codes; what the input or the output fails with is
// returned as it is.
package query

import "fmt"

// Bounds of what is read.
const (
	MaxStatement = 256 << 10 // bytes of a statement, as in S3
	MaxRecord    = 1 << 20   // bytes of a record, as in S3
	MaxDocument  = 16 << 20  // bytes of a JSON document
)

// Error is why a statement, or an object, cannot be read, in S3's words.
type Error struct {
	Code    string // S3's
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func fail(code, format string, args ...any) error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// Codes are all codes of errors.
var Codes = []string{
	"CSVParsingError", "CastFailed", "EvaluatorInvalidArguments", "EvaluatorInvalidTimestampFormatPattern", "ExpressionTooLong", "InvalidCompressionFormat",
	"InvalidDataType", "InvalidTextEncoding", "JSONParsingError", "LexerInvalidChar", "LexerInvalidLiteral", "OverMaxParquetBlockSize", "OverMaxRecordSize",
	"ParquetParsingError", "ParseUnexpectedToken", "UnsupportedFunction", "UnsupportedSqlStructure", "UnsupportedSyntax",
}
