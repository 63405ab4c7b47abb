package ui

import "strconv"

// Chat is a conversation as it is shown: what was said, where it stands, and a field to write in.
type Chat struct {
	ID      string // of the conversation, in no address
	Label   string // of the list of messages, read aloud
	Lines   []ChatLine
	Status  string // where it stands: who waits for whom
	Ended   bool   // it is closed, and the page says so
	Page    string // where a script looks for what stands around it when it is closed; "" leaves that to the reader
	Events  string // address of the stream; "" for none, where nothing more will come
	Read    string // where it is told what was read
	Typing  string // where it is told that somebody writes
	After   int64  // number of the last line
	Seen    int64  // number of the last line of the reader's own that the other side has read
	Refresh string // address of this page, for browsers without scripts
	Compose *Compose
}

// ChatLine is one message, or something that happened.
type ChatLine struct {
	Number int64
	Mine   bool   // the reader's side said it
	Event  bool   // it happened; nobody said it
	Note   bool   // for staff alone
	Who    string // who said it
	Text   string
	Links  []Link // below the text
	File   *ChatFile
	Time   string // as people say it
	Stamp  string // for machines
}

// ChatFile is a file that was sent.
type ChatFile struct {
	Name, About, Href string
	Picture           bool
}

// Compose is the field to write in.
type Compose struct {
	Action    string
	Key       string // of the message that is written: the same key is one message
	Label     string
	Value     string // what was written and not sent
	Button    string
	MaxLength int
	FileLabel string // "" where no file can be sent
	FileHint  string
	Accept    string
}

func (l ChatLine) class() string {
	switch {
	case l.Event:
		return "chat-event"
	case l.Note:
		return "chat-line note"
	case l.Mine:
		return "chat-line mine"
	}
	return "chat-line"
}

func wide(n int64) string { return strconv.FormatInt(n, 10) }

// ChatList is a list of conversations on the desk.
type ChatList struct {
	ID, Title string
	Empty     string // what stands there instead of nothing
	Rows      []ChatRow
}

// ChatRow is one conversation in a list.
type ChatRow struct {
	Who     string
	About   []string
	Href    string
	Open    string // label of the link
	New     bool   // something was said that nobody has read
	NewWord string
}

// ChatReplies is a choice of ready answers, which go into the field of a message.
type ChatReplies struct {
	Action, Label, Button string
	List                  []ChatReply
}

// ChatReply is a ready answer.
type ChatReply struct{ ID, Title, Text string }
