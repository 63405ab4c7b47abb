// Package talk shows a conversation to either side: its lines in the reader's language, the stream of what is new, the form
// that a message comes in. The portal and the desk say who reads; neither shows anything of a conversation past this package.
package talk
