# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Put together an initial RAM disk as a directory and pack it: source it.
# The sourcing script sets linux_tree to what fetch.sh printed.
# shellcheck disable=SC2154

# image_new DIR: busybox as the whole user land.
image_new()
{
	for image_dir in bin dev proc sys tmp run root etc modules; do
		mkdir -p "$1/$image_dir"
	done
	ln -s bin "$1/sbin"
	cp "$linux_tree/bin/busybox" "$1/bin/busybox"
	ln -s busybox "$1/bin/sh"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
}

# image_add DIR SOURCE DEST: a file or directory, and the shared libraries of what is a program.
image_add()
{
	mkdir -p "$1$(dirname -- "$3")"
	cp -RL "$2" "$1$3" || die 125 "cannot put $2 into the image"
	if [ -f "$2" ] && [ -x "$2" ]; then
		image_add_libraries "$1" "$2"
	fi
}

image_add_libraries()
{
	# A script, a static program or an image of another machine has none, and ldd says so.
	needed=$(LD_LIBRARY_PATH="$linux_tree/lib" ldd "$2" 2>/dev/null) || return 0
	case $needed in
	*'not found'*)
		die 125 "$2 needs libraries that are not there:" \
			"$(echo "$needed" | sed -n 's/^[[:space:]]*\(.*\) => not found.*/\1/p')"
		;;
	esac
	for library in $(echo "$needed" | sed -n 's/^.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p'); do
		case $library in
		"$linux_tree"/*) place=/lib/x86_64-linux-gnu/${library##*/} ;;
		*) place=$library ;;
		esac
		if [ ! -e "$1$place" ]; then
			mkdir -p "$1${place%/*}"
			cp -L "$library" "$1$place"
		fi
	done
}

# image_add_modules DIR NAME: kernel modules, and the order to load them in.
image_add_modules()
{
	while read -r module; do
		cp "$linux_tree/modules/$module" "$1/modules/"
	done <"$linux_tree/modules/$2.order"
	cp "$linux_tree/modules/$2.order" "$1/modules/"
}

# image_pack DIR OUT: uncompressed, since unpacking is what costs time in an emulated machine.
image_pack()
{
	(cd "$1" && find . | "$linux_tree/bin/busybox" cpio -o -H newc -R 0:0) >"$2" 2>/dev/null
}
