package keeper

// Image is the file to exec for one more process of the very program that runs here: path, by which it was started,
// unless another file lies there by now.
func Image(path string) string {
	if own := fileIdent(ownImage(path)); own != "" && fileIdent(path) != own {
		return ownImage(path)
	}
	return path
}
