// Package drive sends checks to an ext_authz server and judges every answer.
//
// It shares the machine with the server, so it does little for each check: the messages are
// encoded before, and of an answer it reads only whether it allows. In a closed loop a fixed
// number of streams each send the next check after the answer to the last one. In an open
// loop checks are sent at given times, however long the answers take.
package drive
