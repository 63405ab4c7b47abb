package chat

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	chatName    = seal.Column{Table: "chat", Key: "id", Name: "name_sealed"}
	chatEmail   = seal.Column{Table: "chat", Key: "id", Name: "email_sealed"}
	chatComment = seal.Column{Table: "chat", Key: "id", Name: "comment_sealed"}
	messageText = seal.Column{Table: "chat_message", Key: "id", Name: "text_sealed"}
	fileName    = seal.Column{Table: "chat_file", Key: "id", Name: "name_sealed"}
	pieceData   = seal.Column{Table: "chat_file_piece", Key: "id", Name: "data_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{chatName, chatEmail, chatComment, messageText, fileName, pieceData}

// sealed is a text as it lies in a column, nil for "".
func (s *Chats) sealed(c seal.Column, key, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	return s.Seal.Seal([]byte(text), c.Place(key))
}

// opened is the inverse of sealed.
func (s *Chats) opened(c seal.Column, key string, value []byte) (string, error) {
	if len(value) == 0 {
		return "", nil
	}
	plain, err := s.Seal.Open(value, c.Place(key))
	return string(plain), err
}
