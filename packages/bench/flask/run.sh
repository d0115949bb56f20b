#!/usr/bin/env bash
# Serves a model with the original's stack: nginx before gunicorn with one worker.
#   run.sh <folder made by setup.sh> <model folder> <port>
# Everything ends with this script.
set -euo pipefail

root=$1 model=$2 port=$3
here=$(cd "$(dirname "$0")" && pwd)

# Mounts that only this script and its children see: ONNX Runtime asks /proc and /sys what the CPU can do.
if [ -z "${IN_NAMESPACE:-}" ]; then
  IN_NAMESPACE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done
mount -t tmpfs bench "$root/srv"
mkdir -p "$root/srv/model" "$root/srv/app"
mount --bind "$model" "$root/srv/model"
mount --bind "$here" "$root/srv/app"

cat >"$root/srv/nginx.conf" <<CONF
daemon off;
user root;
pid /srv/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path /srv/body;
  proxy_temp_path /srv/proxy;
  fastcgi_temp_path /srv/fastcgi;
  uwsgi_temp_path /srv/uwsgi;
  scgi_temp_path /srv/scgi;
  server {
    listen 127.0.0.1:$port;
    location / {
      proxy_set_header Host \$http_host;
      proxy_set_header X-Real-IP \$remote_addr;
      proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto \$scheme;
      proxy_pass http://unix:/srv/gunicorn.sock;
      proxy_connect_timeout 5000s;
      proxy_read_timeout 5000s;
    }
  }
}
CONF

chroot "$root" nginx -c /srv/nginx.conf &
nginx=$!
MODEL_DIR=/srv/model PYTHONDONTWRITEBYTECODE=1 chroot "$root" \
  gunicorn --chdir /srv/app --bind unix:/srv/gunicorn.sock --workers 1 --timeout 100000 --log-level warning app:app &
gunicorn=$!
trap 'kill $nginx $gunicorn 2>/dev/null || true; wait' EXIT
trap 'exit 0' TERM INT
wait -n
