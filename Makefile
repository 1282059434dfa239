# make run     build ./kitt and let it run this repository's own example
# make test    everything that proves kitt; installs what it needs under .kitt
# make help    the rest

.SUFFIXES:
.PHONY: boot help build generate bridge run stop test torture bounds lint fuzz sim mutants fmt bench bench-quick bench-pm2 peers clean FORCE

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOBUILD  = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X kitt.sh/internal/early.release=$(VERSION)"

# `make run` keeps its kitt apart from the user's own: under this folder, or where that path would be too long
# for a unix socket, under the home folder, by a number of this folder's.
RUN_HOME := $(shell d='$(CURDIR)/.kitt/home'; \
	if [ $$(printf %s "$$d" | wc -c) -gt 80 ]; then d="$$HOME/.kitt-run/$$(printf %s '$(CURDIR)' | cksum | cut -d' ' -f1)"; fi; echo "$$d")
ADDRESS   = .kitt/bridge.addr

help:
	@echo 'make run          build ./kitt, apply this repository'\''s kitt.hcl, show the status'
	@echo 'make stop         stop what make run started, and its kitt'
	@echo 'make test         formatting, vet, staticcheck, macOS builds, all tests with -race'
	@echo 'make boot         boot machines with kitt on them (docs/boot.md): root and Debian, 5 minutes'
	@echo 'make build        ./kitt'
	@echo 'make generate     docs/openapi.json, from the code'
	@echo 'make lint fmt     the static checks alone; format all Go files'
	@echo 'make bounds       how much of kitt can be used up, in figures: the table of docs/reliability.md, 6 minutes'
	@echo 'make fuzz         look for inputs that break a reader, 90 s'
	@echo 'make sim          simulate the reconcile loop for 40 s; N=5000000 for so many steps, SEED=7 for one world'
	@echo 'make mutants      break kitt in each known way and see its tests fail (half an hour)'
	@echo 'make torture      kill keeper and daemon 1000 times each under load, count what went wrong; N=10000, SEED=…'
	@echo 'make bench        measure kitt beside other process managers: bench-out/bench.md (Linux, half an hour)'
	@echo 'make bench-quick  the same with few managers and small sizes, under 4 minutes'
	@echo 'make bench-pm2    the same ecosystem file under kitt and under pm2, a minute'
	@echo 'make clean        remove what was built'

build: kitt

kitt: FORCE
	$(GOBUILD) -o kitt .

bridge:
	@mkdir -p .kitt
	go build -o .kitt/bridge ./examples/bridge

run: kitt bridge
	KITT_HOME='$(RUN_HOME)' ./kitt apply
	@i=0; until [ -s $(ADDRESS) ] || [ $$i -ge 100 ]; do sleep 0.1; i=$$((i+1)); done
	@echo
	KITT_HOME='$(RUN_HOME)' ./kitt status
	@echo
	@echo 'This kitt keeps to itself. Tell the shell where it is, then try:'
	@echo
	@echo "  export KITT_HOME='$(RUN_HOME)'"
	@echo "  curl $$(cat $(ADDRESS) 2>/dev/null || echo ADDRESS)/health"
	@echo "  curl -X POST $$(cat $(ADDRESS) 2>/dev/null || echo ADDRESS)/restart    # it restarts itself"
	@echo '  ./kitt logs kitt-bridge'
	@echo '  ./kitt events'
	@echo '  ./kitt plan          # after an edit of kitt.hcl; saving it is enough to apply it'
	@echo '  make stop'

stop:
	KITT_HOME='$(RUN_HOME)' ./kitt shutdown

# BOOT=1 boots machines too.
test: .kitt/bin/check
	@.kitt/bin/check $(if $(BOOT),-boot)

boot: .kitt/bin/check
	@.kitt/bin/check -only boot

# Each of keeper and daemon is killed N times; SEED repeats a run that failed, as far as chance is ours.
N    ?= 1000
SEED ?= 0
torture:
	go test -count=1 -timeout 0 -v -run 'TestTorture|TestWhatNobodySaw' ./internal/torture -args -kills=$(N) -seed=$(SEED)

fuzz: .kitt/bin/check
	@.kitt/bin/check -only fuzz

bounds:
	@mkdir -p .kitt
	@echo '| what goes on | keeper MB | daemon MB | client MB | status, median | at most | asked |'
	@echo '|---|---|---|---|---|---|---|'
	@go test ./internal/door -count=1 -timeout 20m -run 'Bounds|Fault61' -bounds -v > .kitt/bounds.log 2>&1; \
		code=$$?; grep '^| ' .kitt/bounds.log; grep -E -- '--- FAIL|_test.go:.*(beyond|status answers|kB,)' .kitt/bounds.log; exit $$code

# Each time from another seed; a world that fails says how to replay it.
sim:
	@go test ./reconcile -run 'TestSim$$' -count=1 -v -timeout 24h \
		$(if $(filter-out 0,$(SEED)),-seed=$(SEED),-first=$$(date +%s)00000 $(if $(filter file,$(origin N)),-for=40s,-steps=$(N)))

mutants:
	go test ./internal/mutants -all -count=1 -v -timeout 2h
	go test ./reconcile -run TestMutations -mutate -count=1 -v -timeout 1h

lint: .kitt/bin/check
	@.kitt/bin/check -only lint

.kitt/bin/check: FORCE
	@mkdir -p .kitt/bin
	@go build -o $@ ./.ci/check

generate:
	go generate ./service

fmt:
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

peers:
	bench/install.sh bench-out/peers

BENCH = cd bench && PATH="$$PATH:/usr/sbin:/sbin" KITT_BIN='$(CURDIR)/kitt' python3 -m kittbench --out ../bench-out \
	--path '../bench-out/peers/bin:../bench-out/peers/node_modules/.bin:../bench-out/peers/venv/bin'

bench: kitt peers
	$(BENCH)

bench-quick: kitt peers
	$(BENCH) --quick

bench-pm2: kitt peers
	python3 bench/pm2file.py --kitt ./kitt --pm2 bench-out/peers/node_modules/.bin/pm2

# What runs is left alone: `make stop` first.
clean:
	rm -rf kitt .kitt/bin .kitt/bridge bench-out

FORCE:
