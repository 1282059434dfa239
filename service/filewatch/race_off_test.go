//go:build !race

package filewatch

const raceOn = false
