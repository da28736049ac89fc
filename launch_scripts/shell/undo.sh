# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2317 # reached through traps
# The script stays behind the device model, since there is something to undo. Around this stand the
# function undo_all and the words of the command line.

clean_up()
{
	trap '' HUP INT TERM
	set +e -f
	undo_all
}

# Both hypervisors' device models end by INT. TERM is for the moment in which a new process does not
# listen yet: a shell starts what runs in the background with INT ignored.
stop()
{
	if [ -z "${!:-}" ]; then
		exit 143
	fi
	kill -s INT "$!" 2>/dev/null || true
	kill -s TERM "$!" 2>/dev/null || true
}

# run WORDS...: until it ends, whatever signals come; its exit status is in $status then.
run()
{
	# In the background, or no signal would be heard while it runs. It keeps the console.
	exec 3<&0
	"$@" <&3 3<&- &
	exec 3<&-
	status=0
	wait "$!" || status=$?
	# A signal ends the waiting with a status above 128, and so does a killed device model.
	while [ "$status" -gt 128 ]; do
		there=true
		kill -0 "$!" 2>/dev/null || there=false
		last=$status
		status=0
		wait "$!" || status=$?
		# Some shells do not know a process any more that has been waited for.
		if [ "$status" -eq 127 ]; then
			status=$last
		fi
		$there || break
	done
}
