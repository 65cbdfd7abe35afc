"""Conan recipe; the tree it packs is two folders above it.

    conan create bindings/conan
"""
import os
import re

from conan import ConanFile
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout
from conan.tools.meson import Meson, MesonToolchain


class Kehu(ConanFile):
    name = "kehu"
    license = "Apache-2.0"
    description = "Embeddable customer analytics"
    settings = "os", "compiler", "build_type", "arch"
    package_type = "library"
    options = {"shared": [True, False]}
    default_options = {"shared": False}
    implements = ["auto_shared_fpic"]
    languages = "C"

    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._tree(), "include", "kehu", "base.h"))
        parts = (re.search(rf"KEHU_VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(parts)

    def export_sources(self):
        for pattern in ("include/*", "src/*", "meson.build", "LICENSE"):
            copy(self, pattern, self._tree(), self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def generate(self):
        MesonToolchain(self).generate()

    def build(self):
        meson = Meson(self)
        meson.configure()
        meson.build()

    def package(self):
        Meson(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["kehu"]
        self.cpp_info.system_libs = ["m", "pthread"]
        self.cpp_info.set_property("pkg_config_name", "kehu")
        self.cpp_info.set_property("cmake_file_name", "kehu")
        self.cpp_info.set_property("cmake_target_name", "kehu::kehu")
