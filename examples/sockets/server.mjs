// Serves HTTP on the socket that kitt holds, descriptor 3, and tells its pid. See docs/reload.md.
import http from 'node:http';

const server = http.createServer((req, res) => res.setHeader('connection', 'close').end(`node ${process.pid}\n`));
server.listen({ fd: 3 });
// Closes this program's end of the socket and answers what was accepted; who comes meanwhile waits in kitt's.
process.on('SIGTERM', () => server.close());
