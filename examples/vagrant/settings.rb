# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the hub's and the spoke's Vagrantfile share: where things come from, said in the environment.
module Settings
  # Inside the virtual machine; a folder of this one here.
  SHARED = "/el2w"

  DEFAULTS = {
    "EL2W_BOX" => "debian/bookworm64",
    "EL2W_HUB" => "192.168.56.10",
    "EL2W_SPOKE" => "mars",
    "EL2W_SPOKES" => "mars",
    "EL2W_SHARED" => SHARED
  }.freeze

  module_function

  def value(name)
    said = ENV.fetch(name, "")
    said.empty? ? DEFAULTS.fetch(name, "") : said
  end

  # NAMES as a provisioner's environment.
  def of(*names)
    names.to_h { |name| [name, value(name)] }
  end

  def box
    value("EL2W_BOX")
  end

  def hub
    value("EL2W_HUB")
  end

  def spoke
    value("EL2W_SPOKE")
  end

  # The host's interface with bare machines behind it, or nil.
  def lan
    said = value("EL2W_LAN")
    said.empty? ? nil : said
  end

  # The binary and tokens. A kind of folder in which both sides write, where the provider has one.
  def share(config)
    config.vm.synced_folder ".", "/vagrant", disabled: true
    config.vm.synced_folder "../shared", SHARED, create: true
  end

  # The one thing that is brought in.
  def binary(config)
    config.vm.provision "el2w binary", type: "shell", path: "../provision/binary.sh",
                                       env: of("EL2W_URL", "EL2W_SHA256", "EL2W_SHARED")
  end

  # SIDE (hub or spoke) as a service with the configuration CONF.
  def service(config, side, conf)
    unit = "el2w-#{side}.service"
    config.vm.provision "el2w unit", type: "file", source: "../../systemd/#{unit}",
                                     destination: "/tmp/el2w/#{unit}"
    config.vm.provision "el2w configuration", type: "file", source: conf,
                                              destination: "/tmp/el2w/#{side}.conf"
    config.vm.provision "el2w service", type: "shell", path: "../provision/service.sh", args: [side]
  end
end
