#!/usr/bin/env bash
# A real mail server on loopback for tests: Postfix and Dovecot, run without
# systemd and without touching the machine's own mail settings. Nothing can
# leave the machine: every address outside uk.test is refused.
#
#   mailserver.sh DIR PORT [SIZE_LIMIT]
#
# Starts it, prints its facts as NAME=VALUE lines and then "ready", and runs
# until its standard input ends (the caller is gone) or a signal comes; then it
# stops both daemons and removes DIR. DIR must be empty or absent, at most 60
# characters long (socket paths) and in a folder that everyone may search. The
# seven ports from PORT on must be free.
#
# Mailboxes: user1@uk.test … user999@uk.test, all with the same password, and
# user+anything@uk.test reaches user@uk.test. refuse@uk.test is refused for good
# (550 5.7.1), later@uk.test for now (450 4.2.1), anything else at uk.test is
# unknown (550 5.1.1), and ghost@uk.test is accepted and then bounces.
set -euo pipefail
export LC_ALL=C

fail() { echo "mailserver: $*" >&2; exit 1; }

[ $# -ge 2 ] || fail "usage: mailserver.sh DIR PORT [SIZE_LIMIT]"
[ "$(id -u)" = 0 ] || fail "Dovecot and Postfix need root; run the tests as root"
DIR=$1 PORT=$2 SIZE_LIMIT=${3:-31457280}
[ ${#DIR} -le 60 ] || fail "$DIR is longer than 60 characters"
[ ! -e "$DIR" ] || [ -z "$(ls -A "$DIR")" ] || fail "$DIR is not empty"
IMAP=$PORT IMAPS=$((PORT + 1)) POP3=$((PORT + 2)) POP3S=$((PORT + 3))
LMTP=$((PORT + 4)) SUBMISSION=$((PORT + 5)) SUBMISSIONS=$((PORT + 6))
DOVECOT=$DIR/dovecot POSTFIX=$DIR/postfix

# ---- packages

missing() {
  local tool
  for tool in dovecot:dovecot-core postfix:postfix openssl:openssl; do
    command -v "${tool%%:*}" >/dev/null || echo "${tool##*:}"
  done
  for tool in imap:dovecot-imapd pop3:dovecot-pop3d lmtp:dovecot-lmtpd; do
    [ -x "/usr/lib/dovecot/${tool%%:*}" ] || echo "${tool##*:}"
  done
}

install_packages() {
  [ -n "$(missing)" ] || return 0
  command -v apt-get >/dev/null || fail "install these packages first: $(missing | xargs)"
  exec 9>/tmp/mailserver-install.lock
  flock 9 # several test programs may need the same at once
  [ -n "$(missing)" ] || { exec 9>&-; return 0; }
  export DEBIAN_FRONTEND=noninteractive
  echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
  {
    apt-get update -q
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 \
      postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd openssl
  } >"$DIR/install.log" 2>&1 9>&- </dev/null || fail "cannot install $(missing | xargs): $(tail -n 1 "$DIR/install.log")"
  exec 9>&-
}

# ---- certificates

make_certificates() {
  local key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  mkdir -p "$DIR/tls"
  (
    cd "$DIR/tls"
    openssl req -x509 $key -days 7 -subj "/CN=mail test authority" \
      -addext "basicConstraints=critical,CA:TRUE" -keyout ca.key -out ca.pem
    openssl req $key -subj "/CN=localhost" -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -out server.pem \
      -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1"; echo "extendedKeyUsage=serverAuth")
    chmod 600 ./*.key
  ) 2>/dev/null || fail "openssl made no certificates"
}

# ---- Dovecot: the mailboxes

listener() { echo "inet_listener $1 {"; echo "address = 127.0.0.1"; echo "port = $2"; echo "ssl = $3"; echo "}"; }
special() { echo "mailbox $1 {"; echo "special_use = \\$1"; echo "auto = subscribe"; echo "}"; }

configure_dovecot() {
  local i
  mkdir -p "$DOVECOT/run" "$DOVECOT/state" "$DOVECOT/keys/default/HS256" "$DIR/mail"
  chown mail:mail "$DIR/mail"
  for i in $(seq 999); do echo "user$i@uk.test:{PLAIN}$PASSWORD::::::"; done >"$DOVECOT/users"
  chown root:dovecot "$DOVECOT/users"
  chmod 640 "$DOVECOT/users"
  # Access tokens are checked here, without an identity provider: any JWT that
  # is signed with the secret and names the mailbox in "email".
  printf %s "$SECRET" | base64 -w 0 >"$DOVECOT/keys/default/HS256/default"
  chown -R dovecot "$DOVECOT/keys"
  cat >"$DOVECOT/oauth2.conf" <<X
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$DOVECOT/keys/
username_attribute = email
X
  cat >"$DOVECOT/dovecot.conf" <<X
protocols = imap pop3 lmtp
listen = 127.0.0.1
base_dir = $DOVECOT/run
state_dir = $DOVECOT/state
instance_name = mailtest-$PORT
log_path = $DOVECOT/log
ssl = yes
ssl_cert = <$DIR/tls/server.pem
ssl_key = <$DIR/tls/server.key
ssl_min_protocol = TLSv1.2
auth_mechanisms = plain login xoauth2 oauthbearer
disable_plaintext_auth = yes
auth_failure_delay = 0
mail_location = maildir:$DIR/mail/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u $DOVECOT/users
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $DOVECOT/oauth2.conf
}
userdb {
  driver = passwd-file
  args = username_format=%u $DOVECOT/users
}
namespace inbox {
  inbox = yes
  separator = /
  $(special Sent)
  $(special Junk)
  $(special Trash)
}
service imap-login {
  $(listener imap $IMAP no)
  $(listener imaps $IMAPS yes)
}
service pop3-login {
  $(listener pop3 $POP3 no)
  $(listener pop3s $POP3S yes)
}
service lmtp {
  $(listener lmtp $LMTP no)
}
# otherwise a wrong password costs each later login from this address seconds
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener $POSTFIX/queue/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
X
}

# ---- Postfix: submission, refusals, bounces

configure_postfix() {
  mkdir -p "$POSTFIX/etc" "$POSTFIX/data" "$POSTFIX/queue/private"
  chown postfix "$POSTFIX/data" "$POSTFIX/queue/private"
  chmod 700 "$POSTFIX/queue/private"
  cat >"$POSTFIX/etc/mailboxes" <<'X'
/^user[1-9][0-9]{0,2}(\+[^@]*)?@uk\.test$/ yes
/^ghost(\+[^@]*)?@uk\.test$/ yes
X
  cat >"$POSTFIX/etc/main.cf" <<X
compatibility_level = 3.6
queue_directory = $POSTFIX/queue
data_directory = $POSTFIX/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $POSTFIX/log
maillog_file_prefixes = $POSTFIX
myhostname = mx.uk.test
mydomain = uk.test
myorigin = uk.test
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
# nothing leaves: no names are looked up and no transport leads out
disable_dns_lookups = yes
smtp_dns_support_level = disabled
default_transport = error:5.1.2 no outside delivery from this server
relay_transport = error:5.1.2 no outside delivery from this server
virtual_mailbox_domains = uk.test
virtual_mailbox_maps = regexp:$POSTFIX/etc/mailboxes
virtual_transport = lmtp:inet:127.0.0.1:$LMTP
recipient_delimiter = +
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
  check_recipient_access inline:{{refuse@uk.test = 550 5.7.1 refused by policy}, {later@uk.test = 450 4.2.1 try again later}},
  permit_sasl_authenticated, reject
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = $DIR/tls/server.pem
smtpd_tls_key_file = $DIR/tls/server.key
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtputf8_enable = yes
message_size_limit = $SIZE_LIMIT
virtual_mailbox_limit = 0
mailbox_size_limit = 0
maximal_queue_lifetime = 5m
bounce_queue_lifetime = 1m
queue_run_delay = 10s
minimal_backoff_time = 10s
maximal_backoff_time = 30s
X
  local guard="-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject"
  {
    echo "127.0.0.1:$SUBMISSION inet n - n - - smtpd -o smtpd_tls_security_level=encrypt $guard"
    echo "127.0.0.1:$SUBMISSIONS inet n - n - - smtpd -o smtpd_tls_wrappermode=yes $guard"
    echo "pickup unix n - n 60 1 pickup"
    echo "qmgr unix n - n 300 1 qmgr"
    echo "cleanup unix n - n - 0 cleanup"
    echo "flush unix n - n 1000? 0 flush"
    echo "tlsmgr unix - - n 1000? 1 tlsmgr"
    echo "rewrite unix - - n - - trivial-rewrite"
    echo "bounce unix - - n - 0 bounce"
    echo "defer unix - - n - 0 bounce"
    echo "trace unix - - n - 0 bounce"
    echo "verify unix - - n - 1 verify"
    echo "proxymap unix - - n - - proxymap"
    echo "error unix - - n - - error"
    echo "retry unix - - n - - error"
    echo "lmtp unix - - n - - lmtp"
    echo "anvil unix - - n - 1 anvil"
    echo "scache unix - - n - 1 scache"
    echo "postlog unix-dgram n - n - 1 postlogd"
  } >"$POSTFIX/etc/master.cf"
}

# ---- start and stop

# running PIDFILE NAME: is it there, and not a zombie that nobody reaps?
running() {
  local pid
  pid=$(tr -dc 0-9 2>/dev/null <"$1") && [ -n "$pid" ] && grep -qs "^$pid ($2) [^ZX] " "/proc/$pid/stat"
}

await() { # SECONDS COMMAND...
  local tries=$(($1 * 20))
  shift
  until "$@"; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.05
  done
}

end() { # PIDFILE NAME
  running "$1" "$2" || return 0
  kill -TERM "$(tr -dc 0-9 <"$1")" || true
  await 10 gone "$1" "$2" || kill -KILL "$(tr -dc 0-9 <"$1")" || true
}
gone() { ! running "$1" "$2"; }

stop() {
  trap - EXIT
  trap '' HUP INT TERM
  end "$POSTFIX/queue/pid/master.pid" master
  end "$DOVECOT/run/master.pid" dovecot
  rm -rf "$DIR"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start() {
  local port
  for port in $(seq "$PORT" $((PORT + 6))); do
    ! answers "$port" || fail "port $port is taken"
  done
  dovecot -c "$DOVECOT/dovecot.conf" >"$DIR/start.log" 2>&1 </dev/null || fail "Dovecot: $(tail -n 1 "$DIR/start.log")"
  postfix -c "$POSTFIX/etc" start >"$DIR/start.log" 2>&1 </dev/null || fail "Postfix: $(tail -n 1 "$DIR/start.log")"
  for port in $(seq "$PORT" $((PORT + 6))); do
    await 20 answers "$port" || fail "nothing answers on port $port: $(tail -qn 1 "$DOVECOT/log" "$POSTFIX/log" | xargs)"
  done
}

mkdir -p "$DIR"
trap stop EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$DIR"
install_packages
case $(dovecot --version) in
  2.3.*) ;;
  *) fail "Dovecot $(dovecot --version) is not 2.3, whose settings this script writes" ;;
esac
runuser -u postfix -- test -x "$DIR" || fail "a folder above $DIR is closed to other users"
PASSWORD=$(openssl rand -hex 12) SECRET=$(openssl rand -hex 24)
make_certificates
configure_dovecot
configure_postfix
start
cat <<X
IMAP=127.0.0.1:$IMAP
IMAPS=127.0.0.1:$IMAPS
POP3=127.0.0.1:$POP3
POP3S=127.0.0.1:$POP3S
LMTP=127.0.0.1:$LMTP
SMTP=127.0.0.1:$SUBMISSION
SMTPS=127.0.0.1:$SUBMISSIONS
CA_FILE=$DIR/tls/ca.pem
PASSWORD=$PASSWORD
OAUTH_SECRET=$SECRET
DOVEADM_CONFIG=$DOVECOT/dovecot.conf
SIZE_LIMIT=$SIZE_LIMIT
ready
X
cat >/dev/null # until the caller lets go
