package spec_test

// app is a file of one app with these fields, and the usual script.
func app(name, fields string) pm2File {
	return pm2File{name: name, file: "ecosystem.json", text: "{ apps: [{ name: 'a', script: 'app.js', " + fields + " }] }", beside: []string{"app.js", ""}, literal: true}
}

// prod is app asked for with --env prod.
func prod(name, fields string) pm2File {
	f := app(name, fields)
	f.profile = "prod"
	return f
}

// whole is a file as it stands, with the usual script.
func whole(name, file, text string) pm2File {
	return pm2File{name: name, file: file, text: text, beside: []string{"app.js", ""}}
}

// run is a file whose app runs script, with that file beside it.
func run(name, script, text, fields string) pm2File {
	f := pm2File{name: name, file: "ecosystem.json", text: "{ apps: [{ script: " + script + ", " + fields + " }] }", literal: true}
	if text != "" {
		f.beside = []string{script[1 : len(script)-1], text}
	}
	return f
}

// ownFiles are our part of the corpus: each form and each field, and what is at the edge of it.
var ownFiles = []pm2File{
	// forms
	whole("an object of apps", "ecosystem.config.js", "module.exports = { apps: [{ script: 'app.js' }, { script: './app.js', name: 'b' }] }"),
	whole("apps that is one object", "ecosystem.config.js", "module.exports = { apps: { script: 'app.js' } }"),
	whole("pm2 instead of apps", "ecosystem.config.js", "module.exports = { pm2: [{ script: 'app.js' }] }"),
	whole("a bare list", "ecosystem.config.js", "module.exports = [{ script: 'app.js' }, { name: 'b', script: 'app.js' }]"),
	whole("one app alone", "ecosystem.config.js", "exports.name = 'x'; exports.script = 'app.js';"),
	whole("CommonJS", "my.config.cjs", "const path = require('path'); module.exports = { apps: [{ name: path.basename(__dirname).length > 0 ? 'c' : 'd', script: path.join(__dirname, 'app.js') }] }"),
	whole("an ES module by names", "ecosystem.config.mjs", "export const apps = [{ name: 'm', script: 'app.js' }]"),
	whole("an ES module by default", "ecosystem.config.mjs", "export default { apps: [{ name: 'm', script: 'app.js' }] }"),
	whole("a function", "ecosystem.config.js", "module.exports = () => ({ apps: [{ name: 'm', script: 'app.js' }] })"),
	whole("a promise", "ecosystem.config.js", "module.exports = Promise.resolve({ apps: [{ name: 'm', script: 'app.js' }] })"),
	whole("what a compiler leaves of a default", "ecosystem.config.js", "module.exports = { default: { apps: [{ name: 'm', script: 'app.js' }] } }"),
	whole("JSON", "process.json", `{"apps": [{"name": "j", "script": "app.js", "env": {"A": 1.50, "B": true, "C": "x"}}]}`),
	whole("JSON that is JavaScript", "process.json", "{ // a comment\n  apps: [{ name: ['j', 'k'].join('-'), script: `app.js`, env: { H: process.env.HOME }, }],\n}"),
	whole("package.json", "package.json", `{"name": "p", "version": "1.0.0", "apps": [{"script": "app.js"}]}`),
	whole("YAML", "process.yml", "apps:\n  - script: app.js\n    name: y\n    env:\n      A: 010\n      B: yes\n      C: 1.0\n      D: \"1.0\"\n      E: ~\n      F: 0x1f\n    args: one 'two three'\n"),
	whole("YAML with anchors", "process.yaml", "base: &b\n  script: app.js\n  env: {A: 1}\napps:\n  - <<: *b\n    name: one\n  - <<: *b\n    name: two\n    env: {A: 2}\n"),
	whole("a list in YAML", "process.yaml", "- script: app.js\n  name: y\n"),
	whole("no apps", "ecosystem.config.js", "module.exports = { apps: [] }"),
	whole("a value of the world", "ecosystem.config.js", "const os = require('node:os'), url = require('url'); const u = new URL('http://x:8/y'); module.exports = { apps: [{ script: 'app.js', env: { P: process.platform, H: os.homedir(), C: process.cwd().length > 1, U: u.port, Z: url.parse ? 1 : 2, D: __filename.slice(-9), S: process.env.SECRET_KEY } }] }"),
	{name: "files beside it", file: "ecosystem.config.js", text: "const { env } = require('./common'); const n = require('./n.json'); module.exports = { apps: [{ script: 'app.js', env: { ...env, N: n.n } }] }",
		beside: []string{"app.js", "", "common/index.js", "exports.env = { A: 'a' }", "n.json", `{"n": 7}`}},
	{name: "from another folder", file: "ecosystem.config.js", text: "module.exports = { apps: [{ script: 'app.js' }] }", beside: []string{"app.js", ""}, away: true},
	{name: "from another folder, in full", file: "ecosystem.config.js", text: "module.exports = { apps: [{ name: 'a', script: __dirname + '/app.js', cwd: __dirname }] }", beside: []string{"app.js", ""}, away: true},

	// identity and command
	run("the name is the script's, up to its last dot", "'web.server.js'", "\n", ""),
	run("a hidden script keeps its name", "'.hidden'", "\x7fELF\x02\x01\x01\x00\x00\x00\x00", ""),
	app("a namespace", "namespace: 'shop'"),
	app("a prefix in the file", "name_prefix: 'pre'"),
	prod("the profile in the name", "append_env_to_name: true, env_prod: {}"),
	app("a number for a name", "namespace: 7"),
	whole("two of one name", "ecosystem.config.js", "module.exports = [{ name: 'a', script: 'app.js' }, { name: 'a', script: 'app.js', args: 'x' }]"),
	whole("exec for script", "ecosystem.config.js", "module.exports = { apps: [{ name: 'a', exec: 'app.js' }] }"),
	whole("cmd for script", "ecosystem.config.js", "module.exports = { apps: [{ cmd: 'app.js' }] }"),
	whole("command for script", "ecosystem.config.js", "module.exports = { apps: [{ command: 'app.js --port 1' }] }"),
	whole("script before its other names", "ecosystem.config.js", "module.exports = { apps: [{ exec: 'no.js', command: 'no.js', cmd: 'no.js', script: 'app.js' }] }"),
	whole("cmd before command", "ecosystem.config.js", "module.exports = { apps: [{ command: 'no.js', cmd: 'app.js' }] }"),
	run("a line for the shell", "'node ./p.js --x 3'", "", "args: 'lost'"),
	run("a line for the shell keeps its name", "'sleep 3; echo a.b'", "", "name: 'line'"),
	run("a program of the PATH", "'sleep'", "", "args: [1000]"),
	run("npm", "'npm'", "", "args: 'run start -- --port 3'"),
	run("a program that is machine code", "'program'", "", "args: '-v'"),
	run("a script of the PATH with an interpreter", "'ts-node'", "", "interpreter: 'node', args: 'x.ts'"),
	run("a program in a folder", "'./bin/tool'", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00", ""),
	run("a script without an extension", "'./bin/tool'", "console.log(1)\n", ""),
	run("a script that says what runs it", "'./bin/tool'", "#!/bin/sh\necho\n", ""),
	run("a file with spaces", "'my app.js'", "1\n", ""),
	run("a script that is not there", "'gone.js'", "", ""),
	run("shell", "'a.sh'", "echo\n", "args: ['x', 'y z']"),
	run("python", "'a.py'", "1\n", ""),
	run("python, told not to buffer", "'a.py'", "1\n", "env: { PYTHONUNBUFFERED: '0' }"),
	run("ruby", "'a.rb'", "1\n", ""),
	run("php", "'a.php'", "1\n", ""),
	run("perl", "'a.pl'", "1\n", ""),
	run("TypeScript", "'a.ts'", "1\n", ""),
	run("TypeScript with markup", "'a.tsx'", "1\n", ""),
	run("CommonJS by its extension", "'a.cjs'", "1\n", ""),
	run("an ES module by its extension", "'a.mjs'", "1\n", ""),
	app("another interpreter", "interpreter: 'bash'"),
	app("by its other name", "exec_interpreter: 'bun', interpreter_args: '--smol'"),
	app("its first name counts", "interpreter: 'ruby', exec_interpreter: 'bun'"),
	app("in camelCase", "execInterpreter: 'bun', interpreterArgs: ['--a', '--b c']"),
	app("none at all", "interpreter: 'none'"),
	app("arguments of node", "node_args: '--max-old-space-size=512 --inspect'"),
	app("arguments of node by another name", "interpreter_args: ['--a'], node_args: ['--b']"),
	app("arguments as a list", "args: ['--a', 'b c', '\"d\"']"),
	app("arguments as text", `args: '--a "b c" \'d e\' k="v w" --x=\'y z\' \\"q $HOME ""'`),
	app("odd quotes in arguments", `args: '" a" "b\'c" x"y\"z'`),
	app("a space in quotes is no argument", `args: "a ' ' b"`),
	app("a number for arguments", "args: 5"),
	{name: "a folder of its own", file: "ecosystem.config.js", text: "module.exports = { apps: [{ script: 'a.js', cwd: 'sub', out_file: 'o.log' }, { name: 'b', script: 'a.js', cwd: './sub/../sub/' }] }", beside: []string{"sub/a.js", ""}},
	app("a user", "user: 'daemon'"),
	app("a user by number", "uid: 1, gid: 0"),
	app("a port", "port: 3000"),
	app("a port beats env", "port: '3000', env: { PORT: 1 }"),
	prod("env_prod beats a port", "port: 3000, env_prod: { PORT: 9 }"),

	// instances
	app("two of it", "instances: 2, exec_mode: 'fork'"),
	app("as text", "instances: '2', exec_mode: 'fork_mode'"),
	app("one is a cluster to pm2", "instances: 1"),
	run("a cluster of shells", "'a.sh'", "echo\n", "instances: 2, exec_mode: 'cluster'"),
	app("ready when it says so", "wait_ready: true, listen_timeout: 5000"),
	app("told to end by a message", "shutdown_with_message: true"),
	app("a cluster without a word", "instances: 2"),
	app("a cluster", "instances: 3, exec_mode: 'cluster'"),
	app("max", "instances: 'max', exec_mode: 'fork'"),
	app("0 is max", "instances: 0, exec_mode: 'fork'"),
	app("all but one", "instances: -1, exec_mode: 'fork'"),
	app("never less than one", "instances: -1000, exec_mode: 'fork'"),
	app("in words", "instances: 'two', exec_mode: 'fork'"),
	app("of another mode", "exec_mode: 'threads'"),
	app("a mode of its own for bash", "instances: 2, interpreter: 'bash'"),
	app("a variable of its own", "instances: 2, exec_mode: 'fork', instance_var: 'WORKER'"),
	app("a port for each", "instances: 3, exec_mode: 'fork', increment_var: 'PORT', env: { PORT: 3000 }"),
	app("counting from nothing", "instances: 2, exec_mode: 'fork', increment_var: 'N'"),
	app("counting from the shell's", "instances: 2, exec_mode: 'fork', increment_var: 'BASE'"),
	prod("counting from the profile's", "instances: 2, exec_mode: 'fork', increment_var: 'PORT', env: { PORT: 3000 }, env_prod: { PORT: '5000' }"),
	app("counting from what is no number", "instances: 2, exec_mode: 'fork', increment_var: 'PORT', env: { PORT: 'http' }"),
	app("counting from a port", "instances: 2, exec_mode: 'fork', increment_var: 'PORT', port: 3000"),

	// environment
	app("every kind of value", "env: { S: 'x', N: 1.5, T: true, F: false, L: [1, 'a'], O: { a: { b: 1 } }, E: '', U: undefined, Z: 1e21, M: -0.0000001 }"),
	app("null", "env: { A: null, HOME: null }"),
	app("over the shell's", "env: { USER: 'bob' }"),
	app("no profile asked for", "env: { A: 1 }, env_prod: { A: 2, B: 3 }"),
	prod("a profile", "env: { A: 1, C: 4 }, env_prod: { A: 2, B: 3 }, env_dev: { A: 5 }"),
	prod("a profile that is not there", "env: { A: 1 }"),
	prod("a profile with null", "env: { A: 1 }, env_prod: { A: null }"),
	{name: "deploy's variables", profile: "prod", file: "ecosystem.config.js", beside: []string{"app.js", ""},
		text: "module.exports = { apps: [{ name: 'a', script: 'app.js', env: { A: 1, B: 1, D: 1 }, env_prod: { A: 3 } }], deploy: { prod: { env: { A: 2, B: 2, C: 2 } }, test: { env: { D: 9 } } } }"},
	app("a filter of words", "filter_env: ['SECRET', 'LAN'], env: { SECRET_TWO: 'kept' }"),
	app("a filter of one name", "filter_env: 'SECRET_KEY'"),
	app("a filter of all", "filter_env: true"),
	app("no filter", "filter_env: false"),
	app("env that is no object", "env: 'A=1'"),

	// restart and stop
	app("never again", "autorestart: false"),
	app("not by itself", "autostart: false, instances: 2, exec_mode: 'fork'"),
	app("exit codes that end it", "stop_exit_codes: [0, 3]"),
	app("one exit code", "stop_exit_codes: 143"),
	app("exit codes as text", "stop_exit_codes: '0,3'"),
	app("at most so often", "max_restarts: 10, min_uptime: 5000"),
	app("as text, with units", "max_restarts: '10', min_uptime: '1h'"),
	app("minutes", "min_uptime: '2m', max_restarts: 1"),
	app("seconds", "min_uptime: '90s', max_restarts: 1"),
	app("less than nothing", "max_restarts: -1"),
	app("too short a life", "min_uptime: 50"),
	app("a unit that pm2 has not", "min_uptime: '1 hour'"),
	app("none at all", "max_restarts: 0"),
	app("nothing is not said", "kill_timeout: 0, restart_delay: 0, min_uptime: 0, exp_backoff_restart_delay: 0, port: 0"),
	app("exit code 0 alone", "stop_exit_codes: 0"),
	app("a pause", "restart_delay: 3000"),
	app("a pause as text", "restartDelay: '3000'"),
	app("a pause with a unit", "restart_delay: '3s'"),
	app("a growing pause", "exp_backoff_restart_delay: 100"),
	app("both", "exp_backoff_restart_delay: 100, restart_delay: 3000"),
	app("time to stop", "kill_timeout: 5000"),
	app("time to stop, in camelCase", "killTimeout: 5000"),
	app("time to stop with a unit", "kill_timeout: '5s'"),
	app("alone", "treekill: false"),
	app("no booleans", "autorestart: 'false'"),
	app("a number for a switch", "autorestart: 1"),
	app("null is not set", "autorestart: null, max_restarts: null, args: null, instances: null, env: null, cwd: null"),

	// logs
	app("logs", "out_file: 'logs/o.log', error_file: '/var/e.log', log_file: 'l.log'"),
	app("their other names", "out: 'o.log', error: 'e.log', log: 'l.log'"),
	app("and others", "output: 'o.log', err: 'e.log'"),
	app("and others still", "out_log: 'o.log', err_log: 'e.log'"),
	app("and the last", "err_file: 'e.log', outFile: 'o.log'"),
	app("which counts", "out: '1.log', output: '2.log', out_log: '3.log', err: '1.log', error: '2.log', err_file: '3.log', err_log: '4.log'"),
	app("the first name before all", "out_file: '1.log', out_log: '2.log', error_file: '', err: '2.log'"),
	app("in the home folder", "out_file: '~/o.log', error_file: '~/e.log'"),
	app("nowhere", "out_file: '/dev/null', error_file: 'NULL', log_file: true"),
	app("each its own", "instances: 2, exec_mode: 'fork', out_file: 'o.log', error_file: 'e.txt', log_file: 'l-7.log'"),
	app("one number given", "instances: 1, exec_mode: 'fork', out_file: 'o.log'"),
	app("max shares", "instances: 'max', exec_mode: 'fork', out_file: 'o.log'"),
	app("a cluster does not", "exec_mode: 'cluster', out_file: 'o.log'"),
	app("merged", "instances: 2, exec_mode: 'fork', merge_logs: true, out_file: 'o.log'"),
	app("merged by another name", "instances: 2, exec_mode: 'fork', combine_logs: true, out_file: 'o.log'"),
	app("not merged", "merge_logs: false, out_file: 'o.log'"),
	whole("numbers in names", "ecosystem.config.js", "module.exports = ['a', 'b'].map((name) => ({ name, script: 'app.js', merge_logs: false, out_file: name + '.log' }))"),
	whole("static folders", "ecosystem.config.js", "module.exports = { apps: [], static: [{ path: './public', port: 8081, spa: true }, { name: 'docs', path: '/srv', port: 9000, host: '127.0.0.1', basic_auth: { username: 'u', password: 'p' } }] }"),
	whole("static by its script", "ecosystem.config.js", "module.exports = { apps: [{ script: 'serve', name: 'site', env: { PM2_SERVE_PATH: 'dist', PM2_SERVE_PORT: 3000 } }] }"),

	app("no logs", "disable_logs: true"),
	app("as JSON", "log_type: 'json'"),
	app("stamped", "time: true"),
	app("a format", "log_date_format: 'YYYY-MM-DD HH:mm:ss.SSS Z'"),
	app("another format", "log_date_format: '[at] ddd D MMM YY, h:mm A ZZ'"),
	app("time before a format", "log_date_format: 'YYYY', time: true"),

	// what has no effect, or is not known
	app("pm2's own words", "vizion: false, pmx: true, automation: false, windowsHide: true, kill_retry_time: 50, io: { a: 1 }, post_update: ['x'], force: true, write: false"),
	app("a word that is none", "autorestrt: true, depends_on: ['b']"),
}
