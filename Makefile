# SPDX-License-Identifier: BSD-3-Clause
# One Makefile, no recursion, explicit lists. "make help" prints the following lines.
#
#   all            programs and bare-metal guests (the default)
#   samples        the samples for Linux guests too, which need libpciaccess
#   check          every test; one part of it: check-unit check-golden check-functional check-guest
#                  check-hsm check-nested check-fuzz check-lint
#   check-programs what the tests run
#   fuzz           each fuzz target for FUZZ_SECONDS
#   bench          measurements beside their peers (bench/README.md)
#   install        programs, man pages and systemd units below DESTDIR and PREFIX
#   clean          remove build/
#
#   CC=clang       another compiler          SAN=1  with ASan and UBSan, into build/san
#   V=1            print whole commands      COV=1  with gcov counters, into build/cov

VERSION := 0.1

CC ?= gcc
IASL ?= iasl
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
DESTDIR ?=

B := build
ifeq ($(SAN),1)
B := build/san
endif
ifeq ($(COV),1)
B := build/cov
endif

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s%s\n' '$(1)' '$(2)';)

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2
HARDENING := -fstack-protector-strong -fPIE -fno-common
HARDENING_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPTIMISE := -O2 -D_FORTIFY_SOURCE=2
ifeq ($(SAN),1)
OPTIMISE := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif
ifeq ($(COV),1)
OPTIMISE := -O0 --coverage
endif

CPPFLAGS += -I. -I$(B)/gen -D_GNU_SOURCE -DACRN_DM_VERSION='"$(VERSION)"'
CFLAGS += -std=gnu11 -g $(OPTIMISE) $(WARNINGS) $(HARDENING) -pthread
LDFLAGS += $(OPTIMISE) $(HARDENING_LD) -pthread

UUID_LIBS := -luuid
CRYPTO_LIBS := -lcrypto
PCIACCESS_LIBS := -lpciaccess
CUNIT_LIBS := -lcunit
comma := ,

# Only what reads XML files is compiled and linked with these.
XML_CPPFLAGS := $(shell $(PKG_CONFIG) --cflags libxml-2.0 2>/dev/null)
XML_LIBS := $(shell $(PKG_CONFIG) --libs libxml-2.0 2>/dev/null)

# --- what there is to compile -------------------------------------------------------------------

LIB_SRCS := \
	lib/error.c \
	lib/event_loop.c \
	lib/fd_passing.c \
	lib/fds.c \
	lib/json.c \
	lib/log.c \
	lib/parse.c

# The regions, which everything here uses, and the two sides of the peer protocol.
IVSHMEM_SRCS := \
	ivshmem/hugepages.c \
	ivshmem/name.c \
	ivshmem/object.c \
	ivshmem/ofd_lock.c \
	ivshmem/record.c \
	ivshmem/record_file.c \
	ivshmem/region.c \
	ivshmem/region_join.c \
	ivshmem/region_list.c \
	ivshmem/region_remove.c \
	ivshmem/runtime_dir.c \
	ivshmem/server_path.c \
	ivshmem/server_start.c \
	ivshmem/users.c

PEER_SRCS := \
	ivshmem/peer.c \
	ivshmem/peer_claim.c \
	ivshmem/peer_greeting.c \
	ivshmem/wire.c

SERVER_SRCS := \
	ivshmem/peer_claim.c \
	ivshmem/server.c \
	ivshmem/server_client.c \
	ivshmem/server_door.c \
	ivshmem/server_ids.c \
	ivshmem/server_lease.c \
	ivshmem/server_listen.c \
	ivshmem/server_log.c \
	ivshmem/server_telling.c \
	ivshmem/wire.c

CONFIG_SRCS := \
	devicemodel/config/absent_class.c \
	devicemodel/config/absent_option.c \
	devicemodel/config/command_line.c \
	devicemodel/config/device_class.c \
	devicemodel/config/pci_slot.c \
	devicemodel/config/serial_port.c \
	devicemodel/config/vm_config.c \
	devicemodel/config/vm_config_absent.c \
	devicemodel/config/vm_config_print.c

KVM_SRCS := \
	devicemodel/hypervisor/kvm_cpu_state.c \
	devicemodel/hypervisor/kvm_irq.c \
	devicemodel/hypervisor/kvm_vcpu.c \
	devicemodel/hypervisor/kvm_vm.c

HYPERVISOR_SRCS := \
	devicemodel/hypervisor/acrn_ioreq.c \
	devicemodel/hypervisor/acrn_irq.c \
	devicemodel/hypervisor/acrn_memory.c \
	devicemodel/hypervisor/acrn_vcpu.c \
	devicemodel/hypervisor/acrn_vdev.c \
	devicemodel/hypervisor/acrn_vm.c \
	devicemodel/hypervisor/hypervisor.c \
	$(KVM_SRCS)

VM_SRCS := \
	devicemodel/vm/io_bus.c \
	devicemodel/vm/irq.c \
	devicemodel/vm/memory.c \
	devicemodel/vm/request.c \
	devicemodel/vm/vcpu.c \
	devicemodel/vm/vdev.c \
	devicemodel/vm/vm.c

PCI_SRCS := \
	devicemodel/pci/pci_access.c \
	devicemodel/pci/pci_assign.c \
	devicemodel/pci/pci_bar.c \
	devicemodel/pci/pci_bus.c \
	devicemodel/pci/pci_config.c \
	devicemodel/pci/pci_msix.c

HW_SRCS := \
	hw/isa/borrowed_fd.c \
	hw/isa/byte_access.c \
	hw/isa/com1.c \
	hw/isa/console.c \
	hw/isa/console_input.c \
	hw/isa/console_output.c \
	hw/isa/pit.c \
	hw/isa/pit_counter.c \
	hw/isa/power.c \
	hw/isa/rtc.c \
	hw/isa/system_timer.c \
	hw/isa/terminal.c \
	hw/isa/uart.c \
	hw/pci/bridges.c \
	hw/pci/device_classes.c \
	hw/pci/devices.c \
	hw/pci/ivshmem.c \
	hw/pci/ivshmem_core.c \
	hw/pci/ivshmem_doorbell.c \
	hw/pci/ivshmem_hv.c \
	hw/pci/ivshmem_link.c \
	hw/pci/ivshmem_options.c \
	hw/pci/ivshmem_vectors.c

BOOT_SRCS := \
	devicemodel/boot/acpi.c \
	devicemodel/boot/boot.c \
	devicemodel/boot/cpu_tables.c \
	devicemodel/boot/elf.c \
	devicemodel/boot/image.c \
	devicemodel/boot/layout.c \
	devicemodel/boot/linux.c \
	devicemodel/boot/multiboot.c \
	devicemodel/boot/pvh.c \
	devicemodel/boot/ram_map.c \
	devicemodel/boot/ramdisk.c

ACRN_DM_SRCS := \
	$(LIB_SRCS) \
	$(IVSHMEM_SRCS) \
	$(PEER_SRCS) \
	$(CONFIG_SRCS) \
	$(HYPERVISOR_SRCS) \
	$(VM_SRCS) \
	$(PCI_SRCS) \
	$(HW_SRCS) \
	$(BOOT_SRCS) \
	devicemodel/machine.c \
	devicemodel/main.c

IVSHMEM_CLIENT_SRCS := \
	$(LIB_SRCS) \
	$(IVSHMEM_SRCS) \
	$(PEER_SRCS) \
	tools/client.c \
	tools/client_commands.c \
	tools/client_input.c \
	tools/client_memory.c \
	tools/client_peers.c \
	tools/ivshmem-client.c

IVSHMEMCTL_SRCS := \
	$(LIB_SRCS) \
	$(IVSHMEM_SRCS) \
	tools/ivshmemctl.c \
	tools/ivshmemctl_dump.c \
	tools/ivshmemctl_show.c

IVSHMEM_SERVER_SRCS := \
	$(LIB_SRCS) \
	$(IVSHMEM_SRCS) \
	$(SERVER_SRCS) \
	tools/ivshmem-server.c \
	tools/server_attendance.c \
	tools/server_daemon.c \
	tools/server_memory.c \
	tools/server_options.c \
	tools/server_report.c \
	tools/server_socket.c \
	tools/server_status.c \
	tools/server_systemd.c

# What reads scenario, launch and board files into a plan.
LAUNCH_READER_SRCS := \
	launch_scripts/bdf.c \
	launch_scripts/board.c \
	launch_scripts/device_add.c \
	launch_scripts/launch_numbers.c \
	launch_scripts/launch_xml.c \
	launch_scripts/launch_xml_regions.c \
	launch_scripts/passthrough_devices.c \
	launch_scripts/plan.c \
	launch_scripts/problems.c \
	launch_scripts/region_index.c \
	launch_scripts/scenario.c \
	launch_scripts/scenario_regions.c \
	launch_scripts/scenario_slot.c \
	launch_scripts/scenario_v2.c \
	launch_scripts/scenario_v3.c \
	launch_scripts/scenario_vms.c \
	launch_scripts/scenario_vuarts.c \
	launch_scripts/usb_devices.c \
	launch_scripts/virtio_console.c \
	launch_scripts/virtio_devices.c \
	launch_scripts/virtio_gpu.c \
	launch_scripts/vm_index.c \
	launch_scripts/words.c \
	launch_scripts/xml_file.c \
	launch_scripts/xml_node.c \
	launch_scripts/xml_value.c

# What checks and completes a plan and makes command lines and scripts of it.
LAUNCH_SRCS := \
	launch_scripts/check.c \
	launch_scripts/check_regions.c \
	launch_scripts/check_resources.c \
	launch_scripts/check_slots.c \
	launch_scripts/check_target.c \
	launch_scripts/check_vms.c \
	launch_scripts/file_set.c \
	launch_scripts/launch_command.c \
	launch_scripts/launch_words.c \
	launch_scripts/preparation.c \
	launch_scripts/script.c \
	launch_scripts/script_files.c \
	launch_scripts/shell_word.c \
	launch_scripts/slot_map.c \
	launch_scripts/slots.c

# What changes scenario files.
LAUNCH_EDIT_SRCS := \
	launch_scripts/edit_arguments.c \
	launch_scripts/edit_session.c \
	launch_scripts/edited_file.c \
	launch_scripts/new_problems.c \
	launch_scripts/plan_from_text.c \
	launch_scripts/region_append.c \
	launch_scripts/region_edit.c \
	launch_scripts/region_list.c \
	launch_scripts/scenario_edit.c \
	launch_scripts/scenario_nodes.c \
	launch_scripts/scenario_places.c \
	launch_scripts/text_edit.c \
	launch_scripts/upgrade.c \
	launch_scripts/upgrade_text.c \
	launch_scripts/upgrade_vm.c \
	launch_scripts/upgrade_vuarts.c \
	launch_scripts/vm_edit.c \
	launch_scripts/xml_edit.c \
	launch_scripts/xml_span.c \
	launch_scripts/xml_writer.c

# The program: scripts, and what it needs of the device model to check command lines.
ACRN_LAUNCH_GEN_SRCS := \
	$(LAUNCH_READER_SRCS) \
	$(LAUNCH_SRCS) \
	$(LAUNCH_EDIT_SRCS) \
	$(CONFIG_SRCS) \
	hw/pci/device_classes.c \
	hw/pci/ivshmem_options.c \
	ivshmem/name.c \
	lib/error.c \
	lib/fds.c \
	lib/json.c \
	lib/log.c \
	lib/parse.c \
	launch_scripts/launch_options.c \
	launch_scripts/acrn-launch-gen.c

LAUNCH_SHELL := common cpu file input mac mount pci root tap undo

PROGRAMS := $(B)/acrn-dm $(B)/acrn-launch-gen $(B)/ivshmem-client $(B)/ivshmem-server \
	$(B)/ivshmemctl

# --- rules --------------------------------------------------------------------------------------

.PHONY: all
all: $(PROGRAMS)

$(B)/acrn-dm: $(ACRN_DM_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(UUID_LIBS) $(CRYPTO_LIBS)

$(B)/acrn-launch-gen: $(ACRN_LAUNCH_GEN_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(CRYPTO_LIBS) $(XML_LIBS)

$(B)/ivshmem-client: $(IVSHMEM_CLIENT_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(UUID_LIBS) $(CRYPTO_LIBS)

$(B)/ivshmemctl: $(IVSHMEMCTL_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(UUID_LIBS) $(CRYPTO_LIBS)

$(B)/ivshmem-server: $(IVSHMEM_SERVER_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(UUID_LIBS) $(CRYPTO_LIBS)

# The DSDT as a list of bytes for a C array.
$(B)/gen/devicemodel/boot/dsdt.inc: devicemodel/boot/dsdt.asl
	@mkdir -p $(@D)
	$(call say,IASL,$<)$(IASL) -we -p $(B)/gen/dsdt $< >$(B)/gen/dsdt.log 2>&1 || \
		{ cat $(B)/gen/dsdt.log >&2; exit 1; }
	$(Q)od -An -v -tx1 $(B)/gen/dsdt.aml | sed 's/ \(..\)/0x\1,/g' >$@

$(B)/devicemodel/boot/acpi.o: $(B)/gen/devicemodel/boot/dsdt.inc

# The functions of launch scripts as strings: without the lines before the first empty one.
$(B)/gen/launch_scripts/shell/%.inc: launch_scripts/shell/%.sh
	@mkdir -p $(@D)
	$(call say,SED,$<)sed -e "1,/^$$/d" -e 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@

$(B)/launch_scripts/preparation.o: $(LAUNCH_SHELL:%=$(B)/gen/launch_scripts/shell/%.inc)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# --- bare-metal guests ---------------------------------------------------------------------------

GUEST_LIB_SRCS := \
	samples/bare-metal/lib/start.S \
	samples/bare-metal/lib/paging.S \
	samples/bare-metal/lib/vectors.S \
	samples/bare-metal/lib/cmdline.c \
	samples/bare-metal/lib/com1.c \
	samples/bare-metal/lib/deadline.c \
	samples/bare-metal/lib/guest.c \
	samples/bare-metal/lib/interrupts.c \
	samples/bare-metal/lib/ivshmem.c \
	samples/bare-metal/lib/machine.c \
	samples/bare-metal/lib/msix.c \
	samples/bare-metal/lib/multiboot.c \
	samples/bare-metal/lib/paging.c \
	samples/bare-metal/lib/pci.c \
	samples/bare-metal/lib/print.c \
	samples/bare-metal/lib/string.c

HELLO_SRCS := samples/bare-metal/hello.c
PCI_SCAN_SRCS := samples/bare-metal/pci-scan.c
DOORBELL_PINGPONG_SRCS := \
	samples/bare-metal/doorbell-pingpong.c \
	samples/bare-metal/pair/meeting.c \
	samples/bare-metal/pair/patience.c \
	samples/bare-metal/pair/seat.c
IVSHMEM_PAIR_SRCS := \
	samples/bare-metal/ivshmem-pair.c \
	samples/bare-metal/pair/bell.c \
	samples/bare-metal/pair/meeting.c \
	samples/bare-metal/pair/message.c \
	samples/bare-metal/pair/patience.c \
	samples/bare-metal/pair/seat.c
COPY_SRCS := bench/guests/copy.c
DOORBELL_SRCS := bench/guests/bars.c bench/guests/cycles.c bench/guests/doorbell.c
PINGPONG_SRCS := bench/guests/cycles.c bench/guests/pingpong.c

GUESTS := \
	$(B)/samples/hello.elf \
	$(B)/samples/pci-scan.elf \
	$(B)/samples/doorbell-pingpong.elf \
	$(B)/samples/ivshmem-pair.elf \
	$(B)/samples/copy.elf \
	$(B)/samples/pingpong.elf \
	$(B)/samples/doorbell.elf \
	$(B)/samples/first.elf \
	$(B)/samples/hold.elf

# Guests of the tests: the same library, and a file or two of their own.
TEST_GUEST_NAMES := actions bar-move config doorbell machine pit registers reset
TEST_GUESTS := $(TEST_GUEST_NAMES:%=$(B)/tests/guest/%.elf)

# Nothing of the host's flags: no sanitizers, no position independence, no SSE.
GUEST_CFLAGS := -std=gnu11 -O2 -ffreestanding -fno-pic -fno-pie -mgeneral-regs-only \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables $(WARNINGS) -I.
GUEST_LDFLAGS := -static -nostdlib -z max-page-size=0x1000 -z noseparate-code -z noexecstack \
	--build-id=none -T samples/bare-metal/lib/link.ld
guest_objs = $(addprefix $(B)/guest/,$(addsuffix .o,$(1)))

.PHONY: guests
guests: $(GUESTS)
all: guests

$(B)/samples/hello.elf: $(call guest_objs,$(HELLO_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/pci-scan.elf: $(call guest_objs,$(PCI_SCAN_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/doorbell-pingpong.elf: $(call guest_objs,$(DOORBELL_PINGPONG_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/ivshmem-pair.elf: $(call guest_objs,$(IVSHMEM_PAIR_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/copy.elf: $(call guest_objs,$(COPY_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/pingpong.elf: $(call guest_objs,$(PINGPONG_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/doorbell.elf: $(call guest_objs,$(DOORBELL_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/first.elf: $(call guest_objs,bench/guests/first.S)
$(B)/samples/hold.elf: $(call guest_objs,bench/guests/hold.S)

$(TEST_GUESTS): $(B)/tests/guest/%.elf: \
	$(call guest_objs,tests/guest/%.c tests/guest/check.c $(GUEST_LIB_SRCS))

$(B)/tests/guest/doorbell.elf: \
	$(call guest_objs,tests/guest/doorbell_device.c tests/guest/doorbell_random.c \
		tests/guest/doorbell_serve.c)

# Multiboot loaders want a 32-bit ELF file, whatever the code in it is.
$(GUESTS) $(TEST_GUESTS): samples/bare-metal/lib/link.ld
	@mkdir -p $(@D)
	$(call say,LD,$@)ld -m elf_x86_64 $(GUEST_LDFLAGS) -o $@.tmp $(filter %.o,$^)
	$(Q)objcopy -O elf32-i386 $@.tmp $@
	$(Q)rm -f $@.tmp

$(B)/guest/%.o: %
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -m64 $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

# --- samples for Linux guests --------------------------------------------------------------------
# Not part of "all": they need libpciaccess, which nothing else does.

LINUX_SAMPLE_SRCS := \
	samples/linux/device.c \
	samples/linux/ivshmem-access.c \
	samples/linux/memory.c \
	samples/linux/message.c \
	samples/linux/number.c

.PHONY: samples
samples: guests $(B)/samples/ivshmem-access

$(B)/samples/ivshmem-access: $(LINUX_SAMPLE_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(PCIACCESS_LIBS)

# --- unit tests ---------------------------------------------------------------------------------
# A program per module, linked with just the objects it needs: a link error shows a layering error.

# Objects that several tests need.
BUS_OBJS := devicemodel/vm/io_bus.o
MEMORY_OBJS := $(BUS_OBJS) devicemodel/vm/memory.o lib/error.o lib/fds.o lib/log.o \
	lib/parse.o
FAKE_HV_OBJS := tests/fake_hv.o tests/leaks.o lib/fds.o
RECORD_OBJS := ivshmem/name.o ivshmem/record.o lib/error.o lib/parse.o
REGION_OBJS := $(RECORD_OBJS) ivshmem/hugepages.o ivshmem/object.o ivshmem/ofd_lock.o \
	ivshmem/record_file.o ivshmem/region.o ivshmem/region_join.o ivshmem/runtime_dir.o \
	ivshmem/users.o lib/fds.o tests/unit/region_fixture.o
PEER_OBJS := ivshmem/peer.o ivshmem/peer_claim.o ivshmem/peer_greeting.o ivshmem/wire.o \
	lib/error.o lib/event_loop.o lib/fd_passing.o lib/fds.o
# What a device with vectors needs besides, down to the peer protocol.
DOORBELL_OBJS := hw/pci/ivshmem_doorbell.o hw/pci/ivshmem_link.o hw/pci/ivshmem_vectors.o \
	ivshmem/runtime_dir.o ivshmem/server_path.o ivshmem/server_start.o lib/log.o $(PEER_OBJS)
REGION_LIBS := $(UUID_LIBS) $(CRYPTO_LIBS)
CONFIG_OBJS := $(CONFIG_SRCS:%.c=%.o) hw/pci/ivshmem_options.o ivshmem/name.o lib/error.o \
	lib/parse.o
PCI_OBJS := $(PCI_SRCS:%.c=%.o) $(MEMORY_OBJS) devicemodel/vm/irq.o lib/event_loop.o lib/log.o \
	tests/unit/pci_fixture.o $(FAKE_HV_OBJS)
IMAGE_OBJS := tests/unit/guarded_memory.o devicemodel/boot/image.o lib/error.o lib/fds.o
LAYOUT_OBJS := $(IMAGE_OBJS) devicemodel/boot/cpu_tables.o devicemodel/boot/layout.o \
	devicemodel/boot/ram_map.o
LOAD_OBJS := $(LAYOUT_OBJS) tests/unit/load.o

UNIT_TESTS := \
	acpi \
	acrn \
	acrn_irq \
	acrn_machine \
	acrn_memory \
	bdf \
	board \
	boot \
	check \
	command_line \
	console \
	device_class \
	edited_file \
	elf \
	error \
	event_loop \
	fd_passing \
	fds \
	file_set \
	image \
	io_bus \
	ivshmem \
	ivshmem_core \
	ivshmem_core_doorbells \
	ivshmem_doorbell \
	ivshmem_hv \
	ivshmem_link \
	ivshmem_options \
	ivshmem_vectors \
	json \
	kvm \
	launch_command \
	launch_options \
	launch_property \
	layout \
	linux_boot \
	log \
	machine \
	memory \
	multiboot \
	name \
	new_problems \
	parse \
	pci_assign \
	pci_bar \
	pci_bus \
	pci_config \
	pci_msix \
	pci_slot \
	peer \
	peer_claim \
	pit \
	plan \
	power \
	problems \
	pvh \
	reader_memory \
	record \
	record_file \
	region \
	region_limits \
	region_list \
	region_race \
	request \
	rtc \
	runtime_dir \
	scenario_v2 \
	scenario_v3 \
	script \
	scenario_edit \
	server \
	server_ids \
	server_lease \
	server_log \
	server_options \
	server_path \
	server_start \
	server_status \
	server_systemd \
	slots \
	system_timer \
	text_edit \
	uart \
	vcpu \
	vm \
	vm_config \
	wire \
	words \
	xml_edit \
	xml_file

# lib
test_error_OBJS := lib/error.o
test_event_loop_OBJS := lib/event_loop.o lib/fds.o tests/leaks.o
test_fd_passing_OBJS := lib/fd_passing.o lib/fds.o tests/leaks.o
test_fds_OBJS := lib/fds.o
test_json_OBJS := lib/json.o
test_log_OBJS := lib/log.o
test_parse_OBJS := lib/parse.o

# ivshmem
test_name_OBJS := ivshmem/name.o lib/error.o
test_name_LIBS := $(CRYPTO_LIBS)
test_peer_OBJS := $(PEER_OBJS) tests/leaks.o
test_peer_claim_OBJS := ivshmem/peer_claim.o lib/fds.o
test_record_OBJS := $(RECORD_OBJS)
test_record_LIBS := $(CRYPTO_LIBS)
test_record_file_OBJS := $(REGION_OBJS)
test_record_file_LIBS := $(REGION_LIBS)
test_region_OBJS := $(REGION_OBJS)
test_region_LIBS := $(REGION_LIBS)
test_region_limits_OBJS := $(REGION_OBJS)
test_region_limits_LIBS := $(REGION_LIBS)
test_region_list_OBJS := $(REGION_OBJS) ivshmem/region_list.o ivshmem/region_remove.o
test_region_list_LIBS := $(REGION_LIBS)
test_region_race_OBJS := $(REGION_OBJS)
test_region_race_LIBS := $(REGION_LIBS)
test_runtime_dir_OBJS := ivshmem/runtime_dir.o lib/error.o lib/fds.o
test_wire_OBJS := ivshmem/wire.o lib/fd_passing.o lib/fds.o tests/leaks.o
test_server_OBJS := $(SERVER_SRCS:%.c=%.o) ivshmem/ofd_lock.o lib/event_loop.o lib/fd_passing.o \
	lib/fds.o tests/leaks.o
test_server_ids_OBJS := ivshmem/server_ids.o
test_server_lease_OBJS := ivshmem/ofd_lock.o ivshmem/peer_claim.o ivshmem/server_ids.o \
	ivshmem/server_lease.o lib/fds.o tests/leaks.o
test_server_log_OBJS := ivshmem/server_log.o lib/fds.o tests/leaks.o
test_server_options_OBJS := tools/server_options.o ivshmem/name.o lib/error.o lib/parse.o
test_server_options_LIBS := $(CRYPTO_LIBS)
test_server_path_OBJS := ivshmem/server_path.o ivshmem/name.o ivshmem/runtime_dir.o lib/error.o \
	lib/fds.o
test_server_path_LIBS := $(CRYPTO_LIBS)
test_server_start_OBJS := ivshmem/server_path.o ivshmem/server_start.o $(REGION_OBJS) tests/leaks.o \
	tests/unit/program_fixture.o
test_server_start_LIBS := $(REGION_LIBS)
test_server_status_OBJS := tools/server_socket.o tools/server_status.o ivshmem/name.o \
	ivshmem/runtime_dir.o ivshmem/server_path.o lib/error.o lib/event_loop.o lib/fds.o tests/leaks.o
test_server_status_LIBS := $(CRYPTO_LIBS)
test_server_systemd_OBJS := tools/server_systemd.o lib/error.o lib/fds.o lib/parse.o

# devicemodel/config
test_command_line_OBJS := $(CONFIG_OBJS)
test_command_line_LIBS := $(CRYPTO_LIBS)
test_device_class_OBJS := devicemodel/config/device_class.o lib/error.o lib/parse.o
test_pci_slot_OBJS := devicemodel/config/pci_slot.o lib/error.o lib/parse.o
test_vm_config_OBJS := $(CONFIG_OBJS)
test_vm_config_LIBS := $(CRYPTO_LIBS)

# devicemodel/hypervisor, devicemodel/vm
ACRN_TEST_OBJS := $(HYPERVISOR_SRCS:%.c=%.o) lib/error.o lib/fds.o lib/log.o tests/fake_hsm.o \
	tests/leaks.o tests/unit/log_capture.o tests/unit/acrn_fixture.o
test_acrn_OBJS := $(ACRN_TEST_OBJS)
test_acrn_irq_OBJS := $(ACRN_TEST_OBJS)
test_acrn_irq_LIBS = $(test_acrn_LIBS)
test_acrn_memory_OBJS := $(ACRN_TEST_OBJS)
test_acrn_memory_LIBS = $(test_acrn_LIBS)
test_acrn_LIBS := $(patsubst %,-Wl$(comma)--wrap=%,ioctl nanosleep open stat)
test_acrn_machine_OBJS := $(filter-out devicemodel/main.o,$(ACRN_DM_SRCS:%.c=%.o)) \
	$(SERVER_SRCS:%.c=%.o) tests/fake_hsm.o tests/leaks.o tests/unit/region_fixture.o
test_acrn_machine_LIBS := $(UUID_LIBS) $(CRYPTO_LIBS) $(test_acrn_LIBS)
test_kvm_OBJS := $(HYPERVISOR_SRCS:%.c=%.o) lib/error.o lib/fds.o lib/log.o tests/leaks.o
test_io_bus_OBJS := $(BUS_OBJS)
test_memory_OBJS := $(MEMORY_OBJS) $(FAKE_HV_OBJS) tests/unit/log_capture.o
test_request_OBJS := devicemodel/vm/request.o lib/event_loop.o lib/fds.o
test_vcpu_OBJS := devicemodel/vm/vcpu.o devicemodel/vm/request.o lib/error.o lib/event_loop.o \
	lib/fds.o lib/log.o $(FAKE_HV_OBJS)
test_vm_OBJS := $(VM_SRCS:%.c=%.o) $(CONFIG_SRCS:%.c=%.o) $(LIB_SRCS:%.c=%.o) $(FAKE_HV_OBJS)

# devicemodel/pci
test_pci_assign_OBJS := $(PCI_OBJS)
test_pci_bar_OBJS := $(PCI_OBJS)
test_pci_bus_OBJS := $(PCI_OBJS)
test_pci_config_OBJS := $(PCI_OBJS)
test_pci_msix_OBJS := $(PCI_OBJS) tests/unit/log_capture.o

# hw
test_console_OBJS := $(BUS_OBJS) devicemodel/vm/irq.o devicemodel/vm/request.o \
	hw/isa/borrowed_fd.o hw/isa/byte_access.o hw/isa/com1.o hw/isa/console.o \
	hw/isa/console_input.o hw/isa/console_output.o hw/isa/terminal.o hw/isa/uart.o \
	lib/error.o lib/event_loop.o lib/fds.o lib/log.o
test_ivshmem_OBJS := $(PCI_OBJS) $(IVSHMEM_SRCS:%.c=%.o) hw/pci/bridges.o \
	hw/pci/device_classes.o hw/pci/devices.o \
	hw/pci/ivshmem.o hw/pci/ivshmem_core.o hw/pci/ivshmem_hv.o hw/pci/ivshmem_options.o \
	devicemodel/vm/vdev.o $(DOORBELL_OBJS) \
	$(SERVER_SRCS:%.c=%.o) devicemodel/config/device_class.o tests/unit/log_capture.o \
	tests/unit/loop_turn.o tests/unit/region_fixture.o
test_ivshmem_LIBS := $(UUID_LIBS) $(CRYPTO_LIBS)
test_ivshmem_hv_OBJS := $(PCI_OBJS) $(IVSHMEM_SRCS:%.c=%.o) hw/pci/ivshmem.o \
	hw/pci/ivshmem_core.o hw/pci/ivshmem_hv.o hw/pci/ivshmem_options.o \
	devicemodel/vm/vdev.o devicemodel/config/device_class.o $(DOORBELL_OBJS) \
	tests/unit/log_capture.o tests/unit/region_fixture.o
test_ivshmem_hv_LIBS := $(UUID_LIBS) $(CRYPTO_LIBS)
CORE_OBJS := hw/pci/ivshmem_core.o hw/pci/ivshmem_doorbell.o hw/pci/ivshmem_vectors.o \
	ivshmem/name.o lib/error.o lib/event_loop.o lib/fds.o lib/log.o tests/leaks.o \
	tests/unit/core_fixture.o
test_ivshmem_core_OBJS := $(CORE_OBJS)
test_ivshmem_core_LIBS := $(CRYPTO_LIBS)
test_ivshmem_core_doorbells_OBJS := $(CORE_OBJS) tests/unit/log_capture.o tests/unit/loop_turn.o
test_ivshmem_core_doorbells_LIBS := $(CRYPTO_LIBS)
test_ivshmem_doorbell_OBJS := hw/pci/ivshmem_doorbell.o lib/fds.o tests/leaks.o
test_ivshmem_link_OBJS := hw/pci/ivshmem_link.o ivshmem/server_path.o ivshmem/server_start.o \
	$(PEER_OBJS) $(SERVER_SRCS:%.c=%.o) $(REGION_OBJS) lib/log.o tests/leaks.o \
	tests/unit/link_fixture.o tests/unit/log_capture.o tests/unit/program_fixture.o
test_ivshmem_link_LIBS := $(REGION_LIBS)
test_ivshmem_options_OBJS := hw/pci/ivshmem_options.o devicemodel/config/device_class.o \
	ivshmem/name.o lib/error.o lib/parse.o
test_ivshmem_options_LIBS := $(CRYPTO_LIBS)
test_ivshmem_vectors_OBJS := hw/pci/ivshmem_vectors.o lib/event_loop.o lib/fds.o tests/leaks.o \
	tests/unit/loop_turn.o
test_pit_OBJS := $(BUS_OBJS) hw/isa/byte_access.o hw/isa/pit.o hw/isa/pit_counter.o lib/error.o
test_power_OBJS := $(BUS_OBJS) devicemodel/vm/request.o hw/isa/byte_access.o hw/isa/power.o \
	lib/error.o lib/event_loop.o lib/fds.o
test_rtc_OBJS := $(BUS_OBJS) hw/isa/byte_access.o hw/isa/rtc.o lib/error.o
test_system_timer_OBJS := $(BUS_OBJS) devicemodel/vm/irq.o hw/isa/byte_access.o hw/isa/pit.o \
	hw/isa/pit_counter.o hw/isa/system_timer.o lib/error.o lib/event_loop.o lib/fds.o \
	tests/leaks.o
test_uart_OBJS := $(BUS_OBJS) hw/isa/byte_access.o hw/isa/uart.o lib/error.o

# devicemodel/boot, devicemodel/machine.c
test_acpi_OBJS := $(IMAGE_OBJS) devicemodel/boot/acpi.o
test_boot_OBJS := $(LAYOUT_OBJS) devicemodel/boot/boot.o devicemodel/boot/elf.o \
	devicemodel/boot/linux.o devicemodel/boot/multiboot.o devicemodel/boot/pvh.o \
	devicemodel/boot/ramdisk.o lib/log.o tests/unit/fake_images.o
test_elf_OBJS := $(LOAD_OBJS) devicemodel/boot/elf.o
test_image_OBJS := $(IMAGE_OBJS)
test_layout_OBJS := $(LAYOUT_OBJS)
test_linux_boot_OBJS := $(LOAD_OBJS) devicemodel/boot/linux.o
test_machine_OBJS := \
	$(filter-out devicemodel/hypervisor/% devicemodel/main.o,$(ACRN_DM_SRCS:%.c=%.o)) \
	$(FAKE_HV_OBJS) tests/unit/region_fixture.o
test_machine_LIBS := $(UUID_LIBS) $(CRYPTO_LIBS)
test_multiboot_OBJS := $(LOAD_OBJS) devicemodel/boot/elf.o devicemodel/boot/multiboot.o \
	devicemodel/boot/ramdisk.o
test_pvh_OBJS := $(LOAD_OBJS) devicemodel/boot/elf.o devicemodel/boot/pvh.o \
	devicemodel/boot/ramdisk.o tests/unit/fake_images.o

# launch_scripts
LAUNCH_READER_OBJS := $(LAUNCH_READER_SRCS:%.c=%.o) lib/error.o lib/parse.o \
	tests/unit/plan_text.o
test_bdf_OBJS := launch_scripts/bdf.o
test_board_OBJS := $(LAUNCH_READER_OBJS)
test_board_LIBS := $(XML_LIBS)
test_reader_memory_OBJS := $(LAUNCH_READER_SRCS:%.c=%.o) lib/error.o lib/parse.o
test_reader_memory_LIBS := $(XML_LIBS) \
	$(patsubst %,-Wl$(comma)--wrap=%,malloc calloc reallocarray strdup strndup open_memstream \
		asprintf vasprintf __asprintf_chk __vasprintf_chk)
test_scenario_v2_OBJS := $(LAUNCH_READER_OBJS)
test_scenario_v2_LIBS := $(XML_LIBS)
test_scenario_v3_OBJS := $(LAUNCH_READER_OBJS)
test_scenario_v3_LIBS := $(XML_LIBS)
test_words_OBJS := launch_scripts/words.o lib/error.o
test_file_set_OBJS := launch_scripts/file_set.o lib/error.o lib/fds.o tests/leaks.o
test_problems_OBJS := launch_scripts/problems.o
test_script_OBJS := launch_scripts/launch_command.o launch_scripts/launch_words.o \
	launch_scripts/plan.o launch_scripts/preparation.o launch_scripts/script.o \
	launch_scripts/shell_word.o hw/pci/device_classes.o $(CONFIG_OBJS)
test_script_LIBS := $(CRYPTO_LIBS)
test_xml_file_OBJS := launch_scripts/problems.o launch_scripts/xml_file.o launch_scripts/xml_node.o
test_xml_file_LIBS := $(XML_LIBS)

# What includes launch_scripts/xml_file.h.
XML_USERS := launch_scripts/% tests/unit/plan_text tests/unit/test_board \
	tests/unit/test_reader_memory \
	tests/unit/test_scenario_v2 tests/unit/test_scenario_v3 tests/unit/test_xml_file \
	tests/fuzz/fuzz_scenario
$(XML_USERS:%=$(B)/%.o) $(XML_USERS:%=$(B)/fuzz/%.o): CPPFLAGS += $(XML_CPPFLAGS)

# launch_scripts, on plans made by hand
PLAN_OBJS := launch_scripts/plan.o launch_scripts/problems.o tests/unit/plan_fixture.o
LAUNCH_OBJS := $(LAUNCH_SRCS:%.c=%.o) $(PLAN_OBJS) $(CONFIG_OBJS) launch_scripts/bdf.o \
	lib/fds.o hw/pci/device_classes.o
test_plan_OBJS := $(PLAN_OBJS) launch_scripts/shell_word.o devicemodel/config/pci_slot.o \
	lib/error.o lib/parse.o
test_check_OBJS := $(LAUNCH_OBJS)
test_check_LIBS := $(CRYPTO_LIBS)
test_launch_command_OBJS := $(LAUNCH_OBJS)
test_launch_command_LIBS := $(CRYPTO_LIBS)
test_launch_options_OBJS := launch_scripts/launch_options.o lib/error.o lib/parse.o
test_launch_property_OBJS := $(LAUNCH_OBJS)
test_launch_property_LIBS := $(CRYPTO_LIBS)
test_slots_OBJS := $(PLAN_OBJS) launch_scripts/slot_map.o launch_scripts/slots.o \
	devicemodel/config/pci_slot.o lib/error.o lib/parse.o

# launch_scripts, what changes files
test_edited_file_OBJS := launch_scripts/edited_file.o lib/error.o lib/fds.o tests/leaks.o
test_new_problems_OBJS := launch_scripts/new_problems.o launch_scripts/problems.o
EDIT_OBJS := $(sort $(LAUNCH_EDIT_SRCS:%.c=%.o) $(LAUNCH_SRCS:%.c=%.o) \
	$(LAUNCH_READER_SRCS:%.c=%.o) $(CONFIG_OBJS)) hw/pci/device_classes.o lib/fds.o lib/json.o lib/log.o
test_scenario_edit_OBJS := $(EDIT_OBJS)
test_scenario_edit_LIBS := $(XML_LIBS) $(CRYPTO_LIBS)
test_text_edit_OBJS := launch_scripts/text_edit.o
test_xml_edit_OBJS := launch_scripts/problems.o launch_scripts/text_edit.o launch_scripts/xml_edit.o \
	launch_scripts/xml_file.o launch_scripts/xml_node.o launch_scripts/xml_span.o \
	launch_scripts/xml_writer.o
test_xml_edit_LIBS := $(XML_LIBS)
XML_EDIT_USERS := tests/unit/test_scenario_edit tests/unit/test_xml_edit \
	tests/fuzz/fuzz_upgrade tests/fuzz/fuzz_xml_edit
$(XML_EDIT_USERS:%=$(B)/%.o) $(XML_EDIT_USERS:%=$(B)/fuzz/%.o): CPPFLAGS += $(XML_CPPFLAGS)

UNIT_PROGRAMS := $(UNIT_TESTS:%=$(B)/tests/unit/test_%)

define unit_program
$(B)/tests/unit/test_$(1): $(B)/tests/unit/test_$(1).o $(B)/tests/unit/unit.o $$(test_$(1)_OBJS:%=$(B)/%)
	$$(call say,LD,$$@)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(test_$(1)_LIBS) $$(CUNIT_LIBS)
endef
$(foreach test,$(UNIT_TESTS),$(eval $(call unit_program,$(test))))

# --- functional tests ----------------------------------------------------------------------------
# Scripts that drive the real programs, and the programs that help them.

FUNCTIONAL_TESTS := \
	tests/functional/console.sh \
	tests/functional/images.sh \
	tests/functional/interop.sh \
	tests/functional/ivshmem-client.sh \
	tests/functional/ivshmem-server-service.sh \
	tests/functional/ivshmem-server.sh \
	tests/functional/ivshmem-server-ids.sh \
	tests/functional/ivshmemctl.sh \
	tests/functional/launch-edit.sh \
	tests/functional/launch-gen.sh \
	tests/functional/launch-host.sh \
	tests/functional/launch.sh \
	tests/functional/pair-doorbell.sh \
	tests/functional/pair.sh \
	tests/functional/qemu.sh \
	tests/functional/resources.sh \
	tests/functional/signals.sh

FUNCTIONAL_PROGRAMS := $(B)/tests/functional/doorbell_peers \
	$(B)/tests/functional/id_keeper $(B)/tests/functional/ivshmem_fake \
	$(B)/tests/functional/pty-run \
	$(B)/tests/functional/region_user \
	$(B)/tests/functional/server_clients \
	$(B)/tests/functional/service_fake

DOORBELL_PEERS_SRCS := $(LIB_SRCS) $(PEER_SRCS) tests/functional/doorbell_peers.c
ID_KEEPER_SRCS := $(PEER_OBJS:%.o=%.c) tests/functional/id_keeper.c
IVSHMEM_FAKE_SRCS := ivshmem/wire.c lib/fd_passing.c lib/fds.c tests/functional/ivshmem_fake.c
REGION_USER_SRCS := $(LIB_SRCS) $(IVSHMEM_SRCS) tests/functional/region_user.c

$(B)/tests/functional/region_user: $(REGION_USER_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(UUID_LIBS) $(CRYPTO_LIBS)

$(B)/tests/functional/server_clients: $(B)/tests/functional/server_clients.o \
	$(B)/ivshmem/wire.o $(B)/lib/fd_passing.o $(B)/lib/fds.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/functional/doorbell_peers: $(DOORBELL_PEERS_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/functional/id_keeper: $(ID_KEEPER_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/functional/ivshmem_fake: $(IVSHMEM_FAKE_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/functional/service_fake: $(B)/tests/functional/service_fake.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/functional/pty-run: $(B)/tests/functional/pty-run.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ -lutil

# The simulator of ACRN's HSM, and a program for its own test.
HSM_SIM_SRCS := \
	tests/hsm_sim/access.c \
	tests/hsm_sim/faults.c \
	tests/hsm_sim/filter.c \
	tests/hsm_sim/guest.c \
	tests/hsm_sim/hsm-sim.c \
	tests/hsm_sim/hsm_calls.c \
	tests/hsm_sim/hsm_events.c \
	tests/hsm_sim/hsm_host.c \
	tests/hsm_sim/hsm_life.c \
	tests/hsm_sim/hsm_memory.c \
	tests/hsm_sim/hsm_requests.c \
	tests/hsm_sim/hsm_vdev.c \
	tests/hsm_sim/hsm_vdev_config.c \
	tests/hsm_sim/hsm_vdev_memory.c \
	tests/hsm_sim/kvm_state.c \
	tests/hsm_sim/machine.c \
	tests/hsm_sim/processor.c \
	tests/hsm_sim/report.c \
	tests/hsm_sim/scenario.c \
	tests/hsm_sim/sim.c \
	tests/hsm_sim/sim_calls.c \
	tests/hsm_sim/sim_program.c \
	tests/hsm_sim/tracee.c \
	tests/hsm_sim/view.c \
	$(KVM_SRCS) \
	lib/error.c \
	lib/fds.c \
	lib/log.c
HSM_PROGRAMS := $(B)/tests/hsm_sim/hsm-sim $(B)/tests/hsm_sim/hsm_client

$(B)/tests/hsm_sim/hsm-sim: $(HSM_SIM_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/hsm_sim/hsm_client: $(B)/tests/hsm_sim/hsm_client.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

HSM_TESTS := \
	tests/hsm_sim/checker.sh \
	tests/hsm_sim/memory.sh \
	tests/hsm_sim/run.sh \
	tests/hsm_sim/every-call.sh \
	tests/hsm_sim/pair.sh \
	tests/hsm_sim/guests.sh \
	tests/hsm_sim/linux.sh

# Tests by guests that look at the machine from inside.
GUEST_TESTS := \
	tests/guest/bar-move.sh \
	tests/guest/device.sh \
	tests/guest/doorbell.sh \
	tests/guest/doorbell-peers.sh \
	tests/guest/doorbell-server.sh \
	tests/guest/machine.sh \
	tests/guest/power.sh

# --- bench --------------------------------------------------------------------------------------

BENCH_SRCS := \
	bench/bench.c \
	bench/child.c \
	bench/copy.c \
	bench/crowd.c \
	bench/doorbell.c \
	bench/doorbell_output.c \
	bench/environment.c \
	bench/host_memory.c \
	bench/ioreq.c \
	bench/joins.c \
	bench/launch.c \
	bench/memory.c \
	bench/pss.c \
	bench/report.c \
	bench/report_json.c \
	bench/ring.c \
	bench/round_trip.c \
	bench/samples.c \
	bench/server.c \
	bench/start.c \
	bench/vm_command.c
BENCH_OBJS := $(BENCH_SRCS:%.c=$(B)/%.o) $(B)/ivshmem/wire.o $(B)/lib/error.o \
	$(B)/lib/fd_passing.o $(B)/lib/fds.o $(B)/lib/parse.o

# How often the quickest measurement is repeated, and which are made: start memory copy round-trip
# doorbell ring joins ioreq launch.
BENCH_RUNS ?= 100
BENCH ?=

$(B)/bench/bench: $(BENCH_OBJS)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^

# The ACRN back end with a driver of its own: no other program may have its calls taken away.
IOREQ_LOOP_OBJS := $(B)/bench/ioreq_driver.o $(B)/bench/ioreq_loop.o $(HYPERVISOR_SRCS:%.c=$(B)/%.o) \
	$(B)/devicemodel/vm/io_bus.o $(B)/lib/error.o $(B)/lib/fds.o $(B)/lib/log.o

$(B)/bench/ioreq_loop: $(IOREQ_LOOP_OBJS)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -Wl,--wrap=ioctl,--wrap=open -o $@ $^

$(B)/bench/firmware.bin: $(B)/guest/bench/firmware.S.o
	@mkdir -p $(@D)
	$(call say,OBJCOPY,$@)objcopy -O binary -j .text $< $@

.PHONY: bench
bench: $(B)/acrn-dm $(B)/acrn-launch-gen $(B)/ivshmem-server $(GUESTS) $(HSM_PROGRAMS) \
	$(B)/bench/bench $(B)/bench/ioreq_loop $(B)/bench/firmware.bin
	$(if $(filter-out build,$(B)),$(error figures of a build with SAN=1 or COV=1 mean nothing))
	$(Q)$(B)/bench/bench $(B) $(BENCH_RUNS) $(BENCH)

# --- fuzzers -------------------------------------------------------------------------------------
# They need clang with libFuzzer (FUZZ_CC) and are always built with sanitizers, into build/fuzz.
# "make fuzz" runs each for FUZZ_SECONDS, "make check-fuzz" for a few thousand inputs, always the same.

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 20
FUZZ_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer $(WARNINGS) \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -pthread

FUZZERS := \
	boot \
	command_line \
	pci_config \
	peer \
	scenario \
	upgrade \
	xml_edit

fuzz_boot_SRCS := $(filter-out devicemodel/boot/acpi.c,$(BOOT_SRCS)) lib/error.c lib/fds.c lib/log.c \
	tests/unit/fake_images.c tests/unit/guarded_memory.c
fuzz_command_line_SRCS := $(CONFIG_SRCS) hw/pci/ivshmem_options.c ivshmem/name.c lib/error.c \
	lib/parse.c
fuzz_pci_config_SRCS := $(PCI_SRCS) devicemodel/vm/io_bus.c devicemodel/vm/irq.c \
	devicemodel/vm/memory.c devicemodel/config/device_class.c hw/pci/ivshmem.c \
	hw/pci/ivshmem_core.c hw/pci/ivshmem_hv.c hw/pci/ivshmem_options.c devicemodel/vm/vdev.c \
	$(DOORBELL_OBJS:%.o=%.c) ivshmem/name.c ivshmem/ofd_lock.c lib/parse.c tests/fake_hv.c
fuzz_peer_SRCS := $(PEER_OBJS:%.o=%.c)
# All but writing scripts.
fuzz_scenario_SRCS := $(LAUNCH_READER_SRCS) \
	$(filter-out launch_scripts/file_set.c launch_scripts/preparation.c launch_scripts/script%.c, \
		$(LAUNCH_SRCS)) $(CONFIG_SRCS) hw/pci/device_classes.c hw/pci/ivshmem_options.c \
	ivshmem/name.c lib/error.c lib/parse.c
fuzz_scenario_LIBS := $(XML_LIBS)
fuzz_upgrade_SRCS := $(EDIT_OBJS:%.o=%.c)
fuzz_upgrade_LIBS := $(XML_LIBS)
fuzz_xml_edit_SRCS := $(test_xml_edit_OBJS:%.o=%.c)
fuzz_xml_edit_LIBS := $(XML_LIBS)

# Asked for only where it matters, since asking takes a moment.
FUZZ_PROGRAMS :=
ifneq ($(filter check check-programs check-fuzz fuzz,$(MAKECMDGOALS)),)
ifeq ($(shell echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && n; }' | \
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null && echo yes),yes)
FUZZ_PROGRAMS := $(FUZZERS:%=$(B)/fuzz/fuzz_%)
endif
endif

define fuzz_program
$(B)/fuzz/fuzz_$(1): $(B)/fuzz/tests/fuzz/fuzz_$(1).o $$(fuzz_$(1)_SRCS:%.c=$(B)/fuzz/%.o)
	$$(call say,LD,$$@)$$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -pthread -o $$@ $$^ $$(CRYPTO_LIBS) \
		$$(fuzz_$(1)_LIBS)
endef
$(foreach fuzzer,$(FUZZERS),$(eval $(call fuzz_program,$(fuzzer))))

$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

.PHONY: fuzz
fuzz: $(FUZZ_PROGRAMS)
	$(Q)FUZZERS='$(FUZZERS)' FUZZ_SECONDS=$(FUZZ_SECONDS) BUILD=$(B) tests/fuzz/run-fuzzers.sh

# --- checks: each runs alone --------------------------------------------------------------------

RUN_TESTS = BUILD=$(B) TEST_LOGS=$(B)/tests/logs tests/run.sh

.PHONY: check check-unit check-golden check-functional check-guest check-hsm \
	check-nested check-fuzz check-lint
check: check-unit check-golden check-functional check-guest check-hsm check-nested check-fuzz \
	check-lint

# What the checks run; "make -jN check-programs && make check" builds in parallel and tests in turn.
.PHONY: check-programs
check-programs: $(PROGRAMS) $(UNIT_PROGRAMS) $(FUNCTIONAL_PROGRAMS) $(HSM_PROGRAMS) $(GUESTS) \
	$(TEST_GUESTS) samples $(FUZZ_PROGRAMS)

check-unit: $(UNIT_PROGRAMS)
	$(Q)$(RUN_TESTS) check-unit $(UNIT_PROGRAMS)

check-golden: $(B)/acrn-dm $(B)/acrn-launch-gen
	$(Q)$(RUN_TESTS) check-golden tests/golden/run.sh tests/golden-launch/run-launch.sh

check-functional: $(PROGRAMS) $(GUESTS) $(TEST_GUESTS) $(FUNCTIONAL_PROGRAMS)
	$(Q)$(RUN_TESTS) check-functional $(FUNCTIONAL_TESTS)

check-guest: $(PROGRAMS) $(GUESTS) $(TEST_GUESTS) $(FUNCTIONAL_PROGRAMS)
	$(Q)$(RUN_TESTS) check-guest $(GUEST_TESTS)

# acrn-dm as on ACRN, whose kernel interface is simulated.
check-hsm: $(PROGRAMS) $(GUESTS) $(TEST_GUESTS) $(FUNCTIONAL_PROGRAMS) $(HSM_PROGRAMS) samples
	$(Q)TEST_LIMIT=1200 $(RUN_TESTS) check-hsm $(HSM_TESTS)

# Stock Linux guests, in an emulated machine that has hardware virtualisation.
check-nested: $(PROGRAMS) samples
	$(Q)TEST_LIMIT=1200 $(RUN_TESTS) check-nested tests/e2e/linux-pair.sh

check-fuzz: $(FUZZ_PROGRAMS)
	$(Q)FUZZERS='$(FUZZERS)' $(RUN_TESTS) check-fuzz tests/fuzz/run-fuzzers.sh

check-lint: $(B)/gen/devicemodel/boot/dsdt.inc
	$(Q)CC='$(CC)' HEADER_FLAGS='$(CPPFLAGS) $(XML_CPPFLAGS) -std=gnu11 $(WARNINGS)' \
		$(RUN_TESTS) check-lint scripts/check-layers.sh scripts/check-headers.sh scripts/check-style.sh

# --- install, help, clean -----------------------------------------------------------------------

UNIT_DIR := $(PREFIX)/lib/systemd/system

.PHONY: install
install: $(PROGRAMS)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 0644 docs/man/acrn-dm.8 docs/man/acrn-launch-gen.8 docs/man/ivshmem-client.8 \
		docs/man/ivshmem-server.8 docs/man/ivshmemctl.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -d $(DESTDIR)$(UNIT_DIR)
	sed 's|/usr/local/bin/|$(PREFIX)/bin/|' dist/ivshmem-server@.service \
		>$(DESTDIR)$(UNIT_DIR)/ivshmem-server@.service
	install -m 0644 dist/ivshmem-server@.socket $(DESTDIR)$(UNIT_DIR)
	chmod 0644 $(DESTDIR)$(UNIT_DIR)/ivshmem-server@.service

.PHONY: help
help:
	@sed -n 's/^#   //p' Makefile

.PHONY: clean
clean:
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
