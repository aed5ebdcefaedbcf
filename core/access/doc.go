// Package access knows who is at the door and what he may do: users and their
// passwords, sessions of browsers, API tokens of programs, and the one table
// that gives each role its operations.
//
// It keeps no secret that opens anything: passwords as argon2id, session
// cookies and tokens as SHA-256.
package access
