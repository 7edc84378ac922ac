// Package pools is one object store made of several erasure sets. Sets of equal
// width make a pool, and a store has one pool or more.
//
// Everything of a key, all its versions and unfinished uploads, is in one set, which
// orders what happens to it. Within a pool that set follows from bucket and key;
// between pools a key stays where it is, and a new one goes where there is room.
// Every bucket is in all sets: the first set says which there are and with which
// settings, and the others are brought to that.
//
// Which sets make the store is written on every drive. The package refuses to open a
// store without one of its sets, since a listing would silently lack what that one
// holds, and it never formats a drive in the place of one that it misses.
package pools
