#!/bin/sh
# Makes the public keys of the example's desks anew and puts their fingerprints into defenderline.yaml.
# The private halves are thrown away: nobody can read what is sealed to them. Needs GnuPG 2.2 or later.
set -eu
cd "$(dirname "$0")"
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill gpg-agent; rm -rf "$GNUPGHOME"' EXIT
mkdir -p keys
# Dated long ago, so that no host's clock takes them for keys from the future.
gpg="gpg --batch --quiet --no-auto-check-trustdb --faked-system-time 20240101T000000!"
for key in lima-duty bogota-first bogota-second nairobi-duty hq fld lifeline pbi; do
    $gpg --passphrase '' --quick-generate-key "example $key" ed25519 sign never
    fingerprint=$($gpg --with-colons --list-keys "example $key" | awk -F: '$1 == "fpr" {print $10; exit}')
    $gpg --passphrase '' --quick-add-key "$fingerprint" cv25519 encr never
    $gpg --armor --export "$fingerprint" >"keys/$key.asc"
    sed "s|\(keys/$key.asc, fingerprint: \)[0-9A-F]*|\1$fingerprint|" defenderline.yaml >"$GNUPGHOME/line"
    cat "$GNUPGHOME/line" >defenderline.yaml
done
