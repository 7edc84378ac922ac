package chat

import "croft/internal/errs"

// What chat refuses with. Match with errors.Is.
var (
	ErrRoomNotFound    = errs.New(errs.NotFound, "room_not_found", "There is no such room.")
	ErrFileNotFound    = errs.New(errs.NotFound, "file_not_found", "There is no such file.")
	ErrMembersInvalid  = errs.New(errs.Invalid, "members_invalid", "A direct conversation needs between 2 and 32 different people.")
	ErrTextEmpty       = errs.New(errs.Invalid, "text_empty", "A message needs some text.")
	ErrTextTooLong     = errs.New(errs.Invalid, "text_too_long", "A message has at most 16,000 characters. Send longer text as a file.")
	ErrTextInvalid     = errs.New(errs.Invalid, "text_invalid", "A message must be valid UTF-8 without NUL.")
	ErrClientIDInvalid = errs.New(errs.Invalid, "client_id_invalid", "The client ID needs 1 to 64 printable ASCII characters.")
	ErrClientIDReused  = errs.New(errs.Conflict, "client_id_reused", "This client ID belongs to a message in another room.")
	ErrFileTooLarge    = errs.New(errs.TooLarge, "file_too_large", "The file is larger than this Croft accepts in chat.")
	ErrFileIncomplete  = errs.New(errs.Invalid, "body_incomplete", "The file does not have the announced size. Nothing was stored.")
	ErrUploadExpired   = errs.New(errs.Conflict, "upload_expired", "The upload took too long. Send the file again.")
)
