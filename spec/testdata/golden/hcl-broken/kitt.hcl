process "web" {
  command = "npm start
}

process "db" {
  command = "db"
