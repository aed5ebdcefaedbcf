// Package schedule knows when people work and when things are due: the working
// calendar of Russia with the days moved by decrees, calendars of organisations,
// the arithmetic of terms, and the watch over deadlines.
//
// All moments are compared as such; days begin and end in the zone of the
// calendar, which is a fixed distance from UTC.
package schedule
