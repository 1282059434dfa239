// Package mutants breaks kitt in each way that its tests must notice, and sees that they do.
package mutants
