using NetbootServer.Hosting;
using NetbootServer.Serving;
using NetbootServer.Storage;

namespace NetbootServer.Access.Auditing;

/// <summary>
/// Writes down who did what. An entry is added to the context of the change, so it is stored with the change or not at
/// all. Who and from where come from the running request; what runs outside any request is done by the server.
/// </summary>
/// <param name="requests">The running request.</param>
/// <param name="time">The clock.</param>
public sealed class Audit(IHttpContextAccessor requests, TimeProvider time)
{
    private static readonly Caller Server = new("server", ""), Machine = new("machine", ""),
        Stranger = new("stranger", "");

    /// <summary>A resource that is new.</summary>
    public void Created(NetbootDb db, string kind, string name, object after) =>
        Add(db, new("create", kind, name) { After = after });

    /// <summary>A resource that is gone.</summary>
    public void Deleted(NetbootDb db, string kind, string name, object? before) =>
        Add(db, new("delete", kind, name) { Before = before });

    /// <summary>
    /// A resource that was <paramref name="before"/> (null: not there) and is <paramref name="after"/> now.
    /// </summary>
    public void Changed(NetbootDb db, string kind, string name, object? before, object? after)
    {
        var verb = before is null ? "create" : after is null ? "delete" : "change";
        Add(db, new(verb, kind, name) { Before = before, After = after });
    }

    /// <summary>A resource that has another name.</summary>
    public void Renamed(NetbootDb db, Renaming renaming)
    {
        ArgumentNullException.ThrowIfNull(renaming);
        Add(db, new("rename", renaming.Kind, renaming.To)
        {
            Before = new { Name = renaming.From }, After = new { Name = renaming.To },
        });
    }

    /// <summary>Anything.</summary>
    public void Add(NetbootDb db, Deed deed)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(deed);
        db.Add(RowOf(deed));
    }

    /// <summary>The entry, for those who write many by statements of their own.</summary>
    internal AuditRow RowOf(Deed deed)
    {
        var http = requests.HttpContext;
        var by = deed.By ?? CallerOf(http);
        return new()
        {
            At = time.GetUtcNow(),
            Who = by.Name,
            Role = by.Role.Length == 0 ? null : by.Role,
            Address = ClientAddress.TextOf(http),
            Verb = deed.Verb,
            Kind = deed.Kind,
            Name = deed.Name,
            Before = Redaction.Write(deed.Before),
            After = Redaction.Write(deed.After),
        };
    }

    private static Caller CallerOf(HttpContext? http) => http switch
    {
        null => Server,
        _ when Caller.Of(http.User) is { } caller => caller,
        _ when BootPlane.Has(http) => Machine,
        _ => Stranger,
    };
}
