#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An example for notify.*.exec of rosterd.conf(5): mails a notice, or writes it to the system's log where no mail can be sent.
# rosterd calls it as: mail.sh KIND begins|ends SUBJECT TEXT, with the same as JSON on standard input.
set -u

to=root # who gets the mail
kind=$1 state=$2 subject=$3 text=$4

if command -v sendmail >/dev/null; then
	sendmail -t <<-MAIL
		To: $to
		Subject: [roster] $kind $state: $subject
		MIME-Version: 1.0
		Content-Type: text/plain; charset=utf-8
		Content-Transfer-Encoding: 8bit

		$text

		$(cat)
	MAIL
else
	logger -t roster-notice -p user.warning -- "$kind $state: $text"
fi
