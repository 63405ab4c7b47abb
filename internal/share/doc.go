// Package share lets somebody on the site show the desk which page they are on, by a code of six digits that they read out.
// The desk learns the page and its title and nothing that is typed in it. The code lives for a short time, belongs to one
// browser, and ends when its reader says so. It reads and writes page_share.
package share
