// Package ui serves kitt's page to browsers: on loopback or a unix socket, to who has a session, and nothing else.
//
//	kitt ui -> a token, good once -> the page sends it -> a session, in a cookie -> the API, as far as the session may
//
// The page is static and holds no secret: what there is to see comes from the API. Whatever does not come from the page itself
// is refused: a foreign Origin, another Host (a name that was led to this address), a request without the page's own header.
package ui
