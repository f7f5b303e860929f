namespace NetbootServer.Overlays.Building;

/// <summary>
/// What runs in an initrd to carry the files over. <c>cp -dR</c> with an empty umask leaves folders as they are, gives
/// new files the archive's modes, and writes no secret into a file that others may read.
/// </summary>
internal static class InitrdScripts
{
    /// <summary>
    /// The unit: after everything of the new root is mounted, before anything of it is started. A failure stops no
    /// boot, for it is only wanted.
    /// </summary>
    /// <param name="commands">Its commands.</param>
    public static string Unit(params IEnumerable<string> commands) => $"""
        [Unit]
        Description=Files for this machine
        DefaultDependencies=no
        RequiresMountsFor=/sysroot
        After=initrd-fs.target
        Before=initrd.target initrd-nixos-activation.service initrd-cleanup.service initrd-switch-root.target shutdown.target
        Conflicts=shutdown.target initrd-switch-root.target
        AssertPathExists=/etc/initrd-release

        [Service]
        Type=oneshot
        UMask=0000
        ExecStartPre=-mount -o remount,rw /sysroot
        {string.Join('\n', commands.Select(command => "ExecStart=" + command))}

        """;

    /// <summary>Copies in a unit.</summary>
    public const string UnitCopy = "cp -dR --remove-destination /netboot/overlay/. /sysroot/";

    /// <summary>Writes the lines of tmpfiles.d in a unit.</summary>
    public const string UnitTmpfiles =
        "systemd-tmpfiles --create --remove --prefix=/sysroot /netboot/tmpfiles.conf";

    /// <summary>Sets root's password in a unit.</summary>
    public const string UnitPassword = "sh /netboot/password.sh /sysroot";

    /// <summary>
    /// For hooks that a shell sources or runs: no <c>exit</c>, and the umask only inside.
    /// </summary>
    /// <param name="root">The variable that holds the new root.</param>
    /// <param name="password">Whether root's password is set.</param>
    public static string Hook(string root, bool password) =>
        $"mount -o remount,rw \"${root}\" 2>/dev/null\n" +
        $"(umask 0; cp -dR --remove-destination /netboot/overlay/. \"${root}\"/ || " +
        $"cp -dR /netboot/overlay/. \"${root}\"/)\n" +
        (password ? $"sh /netboot/password.sh \"${root}\"\n" : "");

    /// <summary>
    /// Stands in the place of the link <c>switch_root</c>, called with an empty environment by some: finds the new root
    /// among the arguments, copies, and switches.
    /// </summary>
    /// <param name="busybox">Absolute path of busybox.</param>
    /// <param name="password">Whether root's password is set.</param>
    public static string Shim(string busybox, bool password) => $"""
        #!{busybox} sh
        skip=
        for root; do
          if [ "$skip" ]; then skip=; continue; fi
          case $root in -c|-d) skip=1;; -*) ;; *) break;; esac
        done
        (umask 0; {busybox} cp -dR --remove-destination /netboot/overlay/. "$root"/ || {busybox} cp -dR /netboot/overlay/. "$root"/)
        {(password ? $"{busybox} sh /netboot/password.sh \"$root\" {busybox}" : ":")}
        exec {busybox} switch_root "$@"

        """;

    /// <summary>
    /// Sets root's password hash in the new root's <c>/etc/shadow</c>: its arguments are that root and, where there is
    /// no PATH, busybox.
    /// </summary>
    public const string Password = """
        #!/bin/sh
        shadow=$1/etc/shadow
        [ -f "$shadow" ] || exit 0
        IFS= read -r hash </netboot/password || [ "$hash" ] || exit 1
        umask 077
        while IFS= read -r line || [ "$line" ]; do
          case $line in
            root:*) rest=${line#root:}; echo "root:$hash:${rest#*:}";;
            *) echo "$line";;
          esac
        done <"$shadow" >/netboot/shadow && $2 cat /netboot/shadow >"$shadow"

        """;

    /// <summary>initramfs-tools: our line, then the image's own, which would be lost otherwise.</summary>
    /// <param name="before">The image's <c>ORDER</c>; null without one.</param>
    public static string Order(string? before) =>
        "/scripts/init-bottom/netboot \"$@\"\n[ -e /conf/param.conf ] && . /conf/param.conf\n" + before;
}
