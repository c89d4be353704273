#!/usr/bin/env bash
# Whether a web server answers its page with 200: check_page.sh ADDRESS PORT PATH
exec 3<>"/dev/tcp/$1/$2" || exit 1
printf 'GET %s HTTP/1.0\r\n\r\n' "$3" >&3
read -r _version status _reason <&3
[ "$status" = 200 ]
