// Package directory reads a directory as one consistent tree of files, and signals when
// to read it again. It does not interpret the files.
//
// A [Reader] returns the files of one point in time. git-sync and Kubernetes ("..data" in
// the volume of a ConfigMap or Secret) replace a symlink on an update: the reader resolves
// the links once, before it reads any file. It lists the files before and after reading,
// and reads again if the lists differ. [Reader.Read] reads everything. [Reader.ReadChanged]
// does not read files again that are unchanged according to the file system. If events
// named the files that changed, it lists the others only after reading.
//
// A [File] that is unchanged is the same value in the next tree, so that a caller can recognize it
// without comparing texts.
//
// Names with a leading dot are skipped. Where a file name cannot contain a slash, ".."
// replaces it: "managed..developers.json" is the file managed/developers.json of the
// tree. [Names] maps such paths to the names on disk. A link to a file counts as the
// file. Everything that is neither a file nor a directory is an error, and so is a file
// that is too large.
//
// A [Notifier] turns file system events into one signal. It watches each directory before the
// reader reads it, so that no change is missed between the two. Some changes cause no event
// (on network file systems, or if no inotify instances are left), so callers must also
// poll.
package directory
