// Package help is the help center: articles in every language, how they are found, what readers say about them, and how
// the organisation adds to them and replaces them.
//
// It reads the articles of this binary, a folder of the organisation's, and the tables help_version, help_published and
// help_feedback; it writes these tables and the search index, help_doc. It knows no member and no payment. It never lets
// markup of an article through: what it renders is made of text, lists, headings and checked links.
package help
