package runtimetest_test

import (
	"testing"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
)

func TestTheFakeKeepsTheContract(t *testing.T) {
	runtimetest.Run(t, func(*testing.T) reconcile.Runtime { return runtimetest.NewFake() }, runtimetest.FakePrograms{})
}
