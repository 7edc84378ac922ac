// Package usage keeps how much buckets hold and how often they are asked for, over time:
// the figures behind the console's charts.
//
// Counting a request costs a look-up and some additions in memory, never a write. Every
// Interval a sample of what has changed is written to the state database, at each of four
// steps at once (see Range), so that nothing is rolled up later; a bucket in which nothing
// happens costs nothing. A process that is killed loses the requests of one interval at
// most; sizes are the store's own and lose nothing.
//
// A bucket's samples are its own: they go with it, and a new bucket of its name begins
// anew. How many there are is bounded for each bucket by what is kept of each step,
// about a thousand rows.
package usage
