// Package completion types command lines in bash, zsh and fish, and checks what they complete.
package completion
