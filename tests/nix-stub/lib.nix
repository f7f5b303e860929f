# The module system and functions of nixpkgs' lib by their documentation, no more of each than ../../nix needs.
let
  inherit (builtins) all any attrNames attrValues concatLists concatStringsSep elem filter foldl' hasAttr head isAttrs
    isBool isFunction isInt isList isPath isString listToAttrs map removeAttrs replaceStrings stringLength substring tail
    toJSON;

  fail = at: text: throw "The option `${concatStringsSep "." at}' ${text}";
  isType = name: value: isAttrs value && (value._type or null) == name;
  optional = condition: value: if condition then [ value ] else [ ];
  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));

  # ---- definitions: what they are once conditions, merges and priorities are gone

  # Each {priority, value} that a definition comes to.
  discharge = value:
    if isType "merge" value then concatLists (map discharge value.contents)
    else if isType "if" value then (if value.condition then discharge value.content else [ ])
    else if isType "override" value then map (found: found // { inherit (value) priority; }) (discharge value.content)
    else [{ priority = 100; inherit value; }];

  # The values of those with the strongest priority.
  strongest = found:
    let best = foldl' (least: one: if one.priority < least then one.priority else least) 9999 found;
    in map (one: one.value) (filter (one: one.priority == best) found);

  # A set of settings below options: conditions around it go to what is in it.
  pushDown = value:
    if isType "merge" value then concatLists (map pushDown value.contents)
    else if isType "if" value then
      map (set: builtins.mapAttrs (_: content: { _type = "if"; inherit (value) condition; inherit content; }) set)
        (pushDown value.content)
    else if isType "override" value then
      map (set: builtins.mapAttrs (_: content: { _type = "override"; inherit (value) priority; inherit content; }) set)
        (pushDown value.content)
    else [ value ];

  # ---- types: merge at values

  same = at: values:
    if all (value: value == head values) values then head values else fail at "has conflicting definitions";
  checked = name: good: {
    inherit name;
    merge = at: values: same at (map (value: if good value then value else fail at "is not of type ${name}") values);
  };
  # Of each name the strongest definitions, merged only where the value is asked for.
  mergeSets = at: item: values:
    let
      names = attrNames (foldl' (sum: set: sum // set) { } values);
      found = map
        (name: {
          inherit name;
          values = strongest (concatLists (map (set: if hasAttr name set then discharge set.${name} else [ ]) values));
        })
        names;
    in
    listToAttrs (map (one: nameValuePair one.name (item.merge (at ++ [ one.name ]) one.values))
      (filter (one: one.values != [ ]) found));

  types = rec {
    bool = checked "boolean" isBool;
    int = checked "integer" isInt;
    str = checked "string" isString;
    path = checked "path" (value: isPath value || (isString value && substring 0 1 value == "/") || isPackage value);
    package = checked "package" isPackage;
    port = checked "port" (value: isInt value && value >= 0 && value < 65536);
    enum = values: checked "one of ${toJSON values}" (value: elem value values);
    lines = { name = "lines"; merge = _: values: concatStringsSep "\n" values; };
    # What JSON can hold, or a package.
    anything = {
      name = "anything";
      merge = at: values:
        if all (value: isAttrs value && !isPackage value) values then mergeSets at anything values
        else if all isList values then concatLists values
        else same at values;
    };
    nullOr = type: {
      name = "null or ${type.name}";
      merge = at: values: if all (value: value == null) values then null else type.merge at values;
    };
    listOf = type: {
      name = "list of ${type.name}";
      merge = at: values: concatLists (map
        (list:
          if isList list then map (value: type.merge at [ value ]) (concatLists (map listItem list))
          else fail at "is no list")
        values);
    };
    attrsOf = type: {
      name = "attribute set of ${type.name}";
      merge = at: values: if all isAttrs values then mergeSets at type values else fail at "is no attribute set";
    };
    submodule = module: {
      name = "submodule";
      merge = at: values:
        let given = map (value: if isFunction value then value else { config = value; }) values;
        in (evalAt at ([ module ] ++ given) { }).config;
    };
  };
  isPackage = value: isAttrs value && (value.type or null) == "derivation";
  listItem = value: map (found: found.value) (discharge value);

  # ---- modules

  # The modules that a list of them comes to, with what they import: each {options, config, freeform}.
  collect = arguments: modules:
    let
      one = module:
        let
          loaded = if isPath module || isString module then import module else module;
          set = if isFunction loaded then loaded arguments else loaded;
          explicit = set ? config || set ? options;
          known = [ "imports" "options" "config" "freeformType" "disabledModules" "_file" ];
          odd = filter (name: !(elem name known)) (attrNames set);
        in
        if explicit && odd != [ ] then throw "A module with `config' or `options' also has ${toJSON odd}"
        else
          concatLists (map one (set.imports or [ ])) ++ [{
            options = set.options or { };
            config = if explicit then set.config or { } else removeAttrs set [ "imports" "_file" "freeformType" ];
            freeform = set.freeformType or null;
          }];
    in
    concatLists (map one modules);

  mergeOptions = at: trees: foldl'
    (sum: tree: sum // builtins.mapAttrs
      (name: value:
        if !(hasAttr name sum) then value
        else if isType "option" value || isType "option" sum.${name} then fail (at ++ [ name ]) "is already declared"
        else mergeOptions (at ++ [ name ]) [ sum.${name} value ])
      tree)
    { }
    trees;

  settle = at: options: freeform: definitions:
    let
      sets = concatLists (map pushDown definitions);
      undeclared = filter (name: !(hasAttr name options)) (attrNames (foldl' (sum: set: sum // set) { } sets));
      of = name: concatLists (map (set: optional (hasAttr name set) set.${name}) sets);
      value = name: option:
        let here = at ++ [ name ]; in
        if isType "option" option then
          let
            found = concatLists (map discharge (of name));
            defaults = optional (option ? default) { priority = 1500; value = option.default; };
            all' = strongest (found ++ defaults);
          in
          if all' == [ ] then fail here "was accessed but has no value defined" else option.type.merge here all'
        else settle here option null (of name);
    in
    if undeclared != [ ] && freeform == null then fail (at ++ [ (head undeclared) ]) "does not exist"
    else (if freeform == null then { } else freeform.merge at (map (set: removeAttrs set (attrNames options)) sets))
      // builtins.mapAttrs value options;

  evalAt = at: modules: specialArgs:
    let
      special = if isFunction specialArgs then specialArgs { inherit config; } else specialArgs;
      arguments = { inherit config lib options; } // special;
      all' = collect arguments modules;
      options = mergeOptions at (map (module: module.options) all');
      freeforms = filter (type: type != null) (map (module: module.freeform) all');
      config = settle at options (if freeforms == [ ] then null else head freeforms) (map (module: module.config) all');
    in
    { inherit config options; };

  lib = rec {
    inherit all any attrNames attrValues concatLists concatStringsSep elem filter foldl' hasAttr head isAttrs isBool
      isList isString map mapAttrs' nameValuePair optional replaceStrings tail types;
    inherit (builtins) mapAttrs;

    evalModules = { modules, specialArgs ? { } }: evalAt [ ] modules specialArgs;
    mkOption = option: option // { _type = "option"; };
    mkEnableOption = description: mkOption { type = types.bool; default = false; inherit description; };
    mkIf = condition: content: { _type = "if"; inherit condition content; };
    mkMerge = contents: { _type = "merge"; inherit contents; };
    mkOverride = priority: content: { _type = "override"; inherit priority content; };
    mkDefault = mkOverride 1000;
    mkForce = mkOverride 50;
    literalExpression = text: { _type = "literalExpression"; inherit text; };

    optionals = condition: list: if condition then list else [ ];
    filterAttrs = keep: set: listToAttrs (map (name: nameValuePair name set.${name})
      (filter (name: keep name set.${name}) (attrNames set)));
    optionalAttrs = condition: set: if condition then set else { };
    optionalString = condition: text: if condition then text else "";
    genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
    mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
    hasSuffix = suffix: text:
      let start = stringLength text - stringLength suffix;
      in start >= 0 && substring start (stringLength suffix) text == suffix;
    getExe = package: "${package}/bin/${package.meta.mainProgram or (throw "${package.name} has no meta.mainProgram")}";
    licenses.mit = { spdxId = "MIT"; };

    # Of the files only that they exist.
    fileset = {
      unions = map (path: if builtins.pathExists path then path else throw "${toString path} does not exist");
      toSource = { root, fileset }: builtins.seq (builtins.length fileset) (toString root);
    };
  };
in
lib
