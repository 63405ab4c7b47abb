// Package contact changes how a member is reached, for somebody who has proved in a call or visit who they are.
//
// Codes, member IDs and calls back go to the contact on file, so whoever changes it could take a record over. Therefore a
// new e-mail address or phone first answers with a code; then everybody who is reached now is told, with a link that stops
// it; and only after a pause does anything go to the new one. Until then the old one counts. A language changes at once.
//
// What came into force stands against the source of members until that has caught up (member.Say).
//
// It reads and writes contact_change; how members are reached is member's, accounts are identity's.
package contact
