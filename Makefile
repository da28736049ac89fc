# SPDX-License-Identifier: BSD-3-Clause
# One Makefile, no recursion, explicit lists. "make help" tells the targets.
#
#   CC=clang      another compiler          SAN=1  with ASan and UBSan, into build/san
#   V=1           print whole commands      COV=1  with gcov counters, into build/cov

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

# --- what there is to compile -------------------------------------------------------------------

LIB_SRCS := \
	lib/error.c \
	lib/event_loop.c \
	lib/fds.c \
	lib/log.c \
	lib/parse.c

IVSHMEM_SRCS := \
	ivshmem/hugepages.c \
	ivshmem/name.c \
	ivshmem/object.c \
	ivshmem/ofd_lock.c \
	ivshmem/record.c \
	ivshmem/record_file.c \
	ivshmem/region.c \
	ivshmem/region_join.c \
	ivshmem/runtime_dir.c \
	ivshmem/users.c

CONFIG_SRCS := \
	devicemodel/config/command_line.c \
	devicemodel/config/device_class.c \
	devicemodel/config/pci_slot.c \
	devicemodel/config/vm_config.c \
	devicemodel/config/vm_config_print.c

HYPERVISOR_SRCS := \
	devicemodel/hypervisor/hypervisor.c \
	devicemodel/hypervisor/kvm_cpu_state.c \
	devicemodel/hypervisor/kvm_irq.c \
	devicemodel/hypervisor/kvm_vcpu.c \
	devicemodel/hypervisor/kvm_vm.c

VM_SRCS := \
	devicemodel/vm/io_bus.c \
	devicemodel/vm/irq.c \
	devicemodel/vm/memory.c \
	devicemodel/vm/request.c \
	devicemodel/vm/vcpu.c \
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
	hw/isa/power.c \
	hw/isa/rtc.c \
	hw/isa/terminal.c \
	hw/isa/uart.c \
	hw/pci/bridges.c \
	hw/pci/devices.c \
	hw/pci/ivshmem.c \
	hw/pci/ivshmem_core.c \
	hw/pci/ivshmem_options.c

BOOT_SRCS := \
	devicemodel/boot/acpi.c \
	devicemodel/boot/boot.c \
	devicemodel/boot/cpu_tables.c \
	devicemodel/boot/elf.c \
	devicemodel/boot/image.c \
	devicemodel/boot/layout.c \
	devicemodel/boot/linux.c \
	devicemodel/boot/multiboot.c \
	devicemodel/boot/ram_map.c

ACRN_DM_SRCS := \
	$(LIB_SRCS) \
	$(IVSHMEM_SRCS) \
	$(CONFIG_SRCS) \
	$(HYPERVISOR_SRCS) \
	$(VM_SRCS) \
	$(PCI_SRCS) \
	$(HW_SRCS) \
	$(BOOT_SRCS) \
	devicemodel/machine.c \
	devicemodel/main.c

PROGRAMS := $(B)/acrn-dm

# --- rules --------------------------------------------------------------------------------------

.PHONY: all
all: $(PROGRAMS)

$(B)/acrn-dm: $(ACRN_DM_SRCS:%.c=$(B)/%.o)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(UUID_LIBS) $(CRYPTO_LIBS)

# The DSDT as a list of bytes for a C array.
$(B)/gen/devicemodel/boot/dsdt.inc: devicemodel/boot/dsdt.asl
	@mkdir -p $(@D)
	$(call say,IASL,$<)$(IASL) -we -p $(B)/gen/dsdt $< >$(B)/gen/dsdt.log 2>&1 || { cat $(B)/gen/dsdt.log >&2; exit 1; }
	$(Q)od -An -v -tx1 $(B)/gen/dsdt.aml | sed 's/ \(..\)/0x\1,/g' >$@

$(B)/devicemodel/boot/acpi.o: $(B)/gen/devicemodel/boot/dsdt.inc

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
IVSHMEM_PAIR_SRCS := \
	samples/bare-metal/ivshmem-pair.c \
	samples/bare-metal/pair/message.c \
	samples/bare-metal/pair/seat.c
COPY_SRCS := bench/guests/copy.c
PINGPONG_SRCS := bench/guests/pingpong.c

GUESTS := \
	$(B)/samples/hello.elf \
	$(B)/samples/pci-scan.elf \
	$(B)/samples/ivshmem-pair.elf \
	$(B)/samples/copy.elf \
	$(B)/samples/pingpong.elf \
	$(B)/samples/first.elf \
	$(B)/samples/hold.elf

# Guests of the tests: the same library, and a file or two of their own.
TEST_GUEST_NAMES := config registers
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
$(B)/samples/ivshmem-pair.elf: $(call guest_objs,$(IVSHMEM_PAIR_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/copy.elf: $(call guest_objs,$(COPY_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/pingpong.elf: $(call guest_objs,$(PINGPONG_SRCS) $(GUEST_LIB_SRCS))
$(B)/samples/first.elf: $(call guest_objs,bench/guests/first.S)
$(B)/samples/hold.elf: $(call guest_objs,bench/guests/hold.S)

$(TEST_GUESTS): $(B)/tests/guest/%.elf: $(call guest_objs,tests/guest/%.c tests/guest/check.c $(GUEST_LIB_SRCS))

# Multiboot loaders want a 32-bit ELF file, whatever the code in it is.
$(GUESTS) $(TEST_GUESTS): samples/bare-metal/lib/link.ld
	@mkdir -p $(@D)
	$(call say,LD,$@)ld -m elf_x86_64 $(GUEST_LDFLAGS) -o $@.tmp $(filter %.o,$^)
	$(Q)objcopy -O elf32-i386 $@.tmp $@
	$(Q)rm -f $@.tmp

$(B)/guest/%.o: %
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -m64 $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

# --- unit tests ---------------------------------------------------------------------------------
# A program per module, linked with just the objects it needs: a link error shows a layering error.

BUS_OBJS := devicemodel/vm/io_bus.o
MEMORY_OBJS := $(BUS_OBJS) devicemodel/vm/memory.o lib/error.o lib/fds.o lib/parse.o

UNIT_TESTS := \
	acpi \
	boot \
	console \
	elf \
	image \
	layout \
	linux_boot \
	multiboot \
	name \
	power \
	rtc \
	uart

test_name_OBJS := ivshmem/name.o lib/error.o
test_console_OBJS := $(BUS_OBJS) devicemodel/vm/irq.o devicemodel/vm/request.o hw/isa/borrowed_fd.o \
	hw/isa/byte_access.o hw/isa/com1.o hw/isa/console.o hw/isa/console_input.o \
	hw/isa/console_output.o hw/isa/terminal.o hw/isa/uart.o lib/error.o lib/event_loop.o \
	lib/fds.o lib/log.o

test_name_LIBS := $(CRYPTO_LIBS)

test_power_OBJS := $(BUS_OBJS) devicemodel/vm/request.o hw/isa/byte_access.o hw/isa/power.o lib/error.o \
	lib/event_loop.o lib/fds.o

test_rtc_OBJS := $(BUS_OBJS) hw/isa/byte_access.o hw/isa/rtc.o lib/error.o

test_uart_OBJS := $(BUS_OBJS) hw/isa/byte_access.o hw/isa/uart.o lib/error.o

IMAGE_OBJS := tests/unit/guarded_memory.o devicemodel/boot/image.o lib/error.o lib/fds.o
LAYOUT_OBJS := $(IMAGE_OBJS) devicemodel/boot/cpu_tables.o devicemodel/boot/layout.o \
	devicemodel/boot/ram_map.o

test_acpi_OBJS := $(IMAGE_OBJS) devicemodel/boot/acpi.o
test_boot_OBJS := $(LAYOUT_OBJS) devicemodel/boot/boot.o devicemodel/boot/elf.o devicemodel/boot/linux.o \
	devicemodel/boot/multiboot.o lib/log.o tests/unit/fake_images.o
test_elf_OBJS := $(LAYOUT_OBJS) devicemodel/boot/elf.o
test_image_OBJS := $(IMAGE_OBJS)
test_layout_OBJS := $(LAYOUT_OBJS)
test_linux_boot_OBJS := $(LAYOUT_OBJS) devicemodel/boot/linux.o
test_multiboot_OBJS := $(LAYOUT_OBJS) devicemodel/boot/elf.o devicemodel/boot/multiboot.o

UNIT_PROGRAMS := $(UNIT_TESTS:%=$(B)/tests/unit/test_%)

define unit_program
$(B)/tests/unit/test_$(1): $(B)/tests/unit/test_$(1).o $(B)/tests/unit/unit.o $$(test_$(1)_OBJS:%=$(B)/%)
	$$(call say,LD,$$@)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(test_$(1)_LIBS) $$(CUNIT_LIBS)
endef
$(foreach test,$(UNIT_TESTS),$(eval $(call unit_program,$(test))))

# --- checks: each runs alone --------------------------------------------------------------------

RUN_TESTS = BUILD=$(B) TEST_LOGS=$(B)/tests/logs tests/run.sh

.PHONY: check check-unit
check: check-unit

check-unit: $(UNIT_PROGRAMS)
	$(Q)$(RUN_TESTS) check-unit $(UNIT_PROGRAMS)

.PHONY: clean
clean:
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
