// Package directory reads a directory as one consistent tree of files, and tells when
// to read it again. It knows nothing of policies.
//
// A [Reader] never mixes two generations of files: it follows the links by which a
// whole directory is swapped once (git-sync's, and "..data" in the volume of a
// ConfigMap or Secret), lists the files before and after reading, and reads again
// where the two lists differ. [Reader.Read] reads everything; [Reader.ReadChanged]
// trusts the file system where it says that a file is the same still.
//
// Names with a leading dot are skipped. Where a file name cannot hold a slash, ".."
// stands for it: "managed..developers.json" is the file managed/developers.json of the
// tree, and [Names] tells errors what it is called on disk. A link to a file counts as
// the file. What is neither file nor directory is an error, and so is what is too
// large; nothing hangs a reader.
//
// A [Notifier] makes one signal of the file system's events. It can be deaf (network
// file systems, no inotify instances left), so that polling must not end.
package directory
