package spec

import _ "kitt.sh/service"
