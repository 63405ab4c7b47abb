// Package consent keeps what the owner of an account agreed to and asked for: bills without paper (15 USC 7001(c)) and
// text messages, each with the very words, and which news they want and how. It reads and writes consent and
// notice_preference. It sends nothing: features that tell people something ask Wants first.
//
// The words of a consent never change, and no consent is removed. Another version of the words has to be agreed to anew;
// until then the old agreement counts for nothing.
package consent
