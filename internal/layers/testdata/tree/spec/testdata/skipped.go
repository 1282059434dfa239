package skipped

import _ "kitt.sh/service"
