module kitt.sh

go 1.26
