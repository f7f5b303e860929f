using System.Collections.Frozen;
using System.Reflection;

namespace NetbootServer.Api;

/// <summary>Every kind of refusal that the API answers with.</summary>
public static class ProblemTypes
{
    /// <summary>400.</summary>
    public static readonly ProblemType MalformedRequest = new("malformed-request", 400, "The request cannot be read",
        "The body is not valid JSON (or multipart), a member stands twice, or a query parameter makes no sense. " +
        "The detail names the place; nothing was changed.");

    /// <summary>400, a secret in the address.</summary>
    public static readonly ProblemType TokenInQuery = new("token-in-query", 400,
        "A token must not stand in the address",
        "Addresses end up in logs and histories. Send Authorization: Bearer <token> instead, and make a new token: " +
        "the one that was sent is no secret any more.");

    /// <summary>401.</summary>
    public static readonly ProblemType Unauthenticated = new("unauthenticated", 401, "Log in first",
        "Everything under /api needs a bearer token (Authorization: Bearer …) or a session made with POST " +
        "/api/v1/session. The token or session sent is missing, unknown or has expired.");

    /// <summary>403.</summary>
    public static readonly ProblemType Forbidden = new("forbidden", 403, "Your role does not allow this",
        "The token or session is good, but its role is not enough for this operation. Ask an admin for a higher role.");

    /// <summary>403, a change by cookie without its CSRF header.</summary>
    public static readonly ProblemType CsrfMissing = new("csrf-missing", 403,
        "The X-CSRF-Token header is missing or wrong",
        "A change made with the session cookie must carry the header X-CSRF-Token with the session's csrfToken " +
        "(GET /api/v1/session shows it). Programs use a bearer token instead and need no such header.");

    /// <summary>404.</summary>
    public static readonly ProblemType NotFound = new("not-found", 404, "There is no such thing here",
        "The path names a resource that does not exist. Names are case-sensitive and lower-case.");

    /// <summary>405.</summary>
    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405,
        "That method is not for this path",
        "The path exists, but not with this HTTP method; the Allow header lists those it takes.");

    /// <summary>409, a MAC of another machine.</summary>
    public static readonly ProblemType MacTaken = new("mac-taken", 409, "Another machine has this MAC",
        "A MAC belongs to one machine. Take it away from the other machine first, or change that machine instead.");

    /// <summary>409, a UUID or serial of another machine.</summary>
    public static readonly ProblemType IdentityTaken = new("identity-taken", 409,
        "Another machine has this UUID or serial",
        "A machine without a MAC is known by its UUID or serial alone, so no other may have it. Give it a MAC, take " +
        "the value away from the other machine, or change that machine instead.");

    /// <summary>409, a machine that has nothing to start by kexec.</summary>
    public static readonly ProblemType NoKexec = new("no-kexec", 409,
        "There is no kexec bundle for this machine",
        "A kexec bundle starts what the machine's profile boots: it needs a profile whose image has a version with a " +
        "kernel, or a kexec tarball, for the machine's system. One with secrets also needs a release that is armed. " +
        "The detail says what is missing.");

    /// <summary>409, an alarm that leaves nothing to decide.</summary>
    public static readonly ProblemType NothingToResolve = new("nothing-to-resolve", 409,
        "This alarm leaves nothing to decide",
        "Only an alarm about a machine that contradicts a registration can be resolved, while the registered machine " +
        "is there. Acknowledge others with DELETE /api/v1/alarms/{id}.");

    /// <summary>409, a new name that another resource has.</summary>
    public static readonly ProblemType NameTaken = new("name-taken", 409, "Another resource has this name",
        "Names of machines, of profiles and of images are unique, each among themselves. Nothing was renamed.");

    /// <summary>409, deleting what others refer to.</summary>
    public static readonly ProblemType InUse = new("in-use", 409, "Something still refers to it",
        "The resource is used by the ones named in 'users'. Point them elsewhere, or end them, and then delete or " +
        "rename it.");

    /// <summary>409, a resource that a file of the inventory declares.</summary>
    public static readonly ProblemType ManagedByFile = new("managed-by-file", 409,
        "A file of the inventory declares it",
        "The resource is declared by the file of Inventory:Directory that the detail names, and the API cannot " +
        "change or remove it. Change that file: the server applies it within two seconds.");

    /// <summary>409, no change of the inventory that waits.</summary>
    public static readonly ProblemType NothingWaits = new("nothing-waits", 409,
        "No change of the inventory waits for this word",
        "Only a change of the inventory's files that removes more than Inventory:MaxRemovals waits for a " +
        "confirmation. GET /api/v1/inventory says what waits now, and what is wrong.");

    /// <summary>409, a secret that is not the one that was read.</summary>
    public static readonly ProblemType SecretChanged = new("secret-changed", 409,
        "The secret is another one now",
        "A secret is sent back by its fingerprint to keep it. The one that is stored has another fingerprint, or " +
        "there is none: send the value itself, or read the resource again. Nothing was changed.");

    /// <summary>412.</summary>
    public static readonly ProblemType PreconditionFailed = new("precondition-failed", 412, "It has changed meanwhile",
        "If-Match named a revision that is no longer current, or If-None-Match: * met an existing resource. " +
        "Get it again, look at what changed, and repeat the change with the new ETag.");

    /// <summary>413.</summary>
    public static readonly ProblemType TooLarge = new("too-large", 413, "The request body is too large",
        "API bodies are limited; only uploads of image versions may be large.");

    /// <summary>415.</summary>
    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", 415,
        "The body has a media type this operation does not take",
        "Send Content-Type: application/json (PATCH also takes application/merge-patch+json; uploads are " +
        "multipart/form-data).");

    /// <summary>421.</summary>
    public static readonly ProblemType UnknownHost = new("unknown-host", 421, "This server is not called that",
        "The admin plane answers only to names it knows, so that a web page cannot reach it through a name of its " +
        "own (DNS rebinding): IP addresses, localhost, its own host name, the host of PublicUrl and those in " +
        "Access:AdminHosts.");

    /// <summary>422.</summary>
    public static readonly ProblemType Invalid = new("invalid", 422, "Some values cannot be accepted",
        "'errors' lists every fault at once, keyed by the JSON path of the value. Nothing was changed.");

    /// <summary>429.</summary>
    public static readonly ProblemType SlowDown = new("slow-down", 429, "Too many log-ins from this address",
        "Wrong passwords delay the next try from the same address. Wait for the seconds in Retry-After; the account " +
        "is never locked.");

    /// <summary>429, previews of one caller.</summary>
    public static readonly ProblemType TooManyPreviews = new("too-many-previews", 429, "Too many previews at once",
        "Each caller renders one preview at a time, and a few more wait their turn. Ask again after the seconds in " +
        "Retry-After.");

    /// <summary>500.</summary>
    public static readonly ProblemType Internal = new("internal", 500, "The server failed",
        "This is a fault of the server. Its log has the details under the request id.");

    /// <summary>503.</summary>
    public static readonly ProblemType NotNow = new("not-now", 503, "Not now, try again",
        "Something that the answer needs is away for the moment. Repeat the request after the seconds in Retry-After.");

    /// <summary>503, a disk or the database.</summary>
    public static readonly ProblemType StorageAway = new("storage-away", 503, "The server's storage is away",
        "The database, or the folder of blobs, does not answer or cannot be written at the moment. Nothing was " +
        "changed. /readyz says what is wrong; repeat the request when the disk is back.");

    /// <summary>507.</summary>
    public static readonly ProblemType StorageFull = new("storage-full", 507, "There is no room for it",
        "The disk is full, or storing this would pass Blobs:MaxBytes or leave less than Blobs:MinFreeBytes free. " +
        "Nothing was changed. Make room on the disk, delete images, keep fewer versions, or raise the limit.");

    /// <summary>What every operation of the API may answer with.</summary>
    public static readonly ProblemType[] OfAll = [MalformedRequest, TokenInQuery, UnknownHost, Internal, StorageAway];

    /// <summary>What every operation that takes JSON may answer with, besides.</summary>
    public static readonly ProblemType[] OfBodies = [TooLarge, UnsupportedMediaType, Invalid];

    /// <summary>All of them by name.</summary>
    public static FrozenDictionary<string, ProblemType> All { get; } = typeof(ProblemTypes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(ProblemType))
        .Select(field => (ProblemType)field.GetValue(null)!)
        .ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>The type answered for a bare status code, such as one set by the framework.</summary>
    public static ProblemType ForStatus(int status) => status switch
    {
        401 => Unauthenticated,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        413 => TooLarge,
        415 => UnsupportedMediaType,
        421 => UnknownHost,
        429 => SlowDown,
        503 => NotNow,
        507 => StorageFull,
        >= 500 => Internal,
        _ => MalformedRequest,
    };
}
