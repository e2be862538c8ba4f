using System.Reflection;
using System.Runtime.CompilerServices;

namespace ConvTransfer.Tests.Architecture;

/// <summary>The public members of an assembly as text, one line each, in ordinal order.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort",
        [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(string)] = "string", [typeof(object)] = "object",
    };

    /// <summary>The text; empty when nothing is public.</summary>
    public static string Of(Assembly assembly) => string.Concat(assembly.GetExportedTypes().SelectMany(Lines).Order(StringComparer.Ordinal).Select(l => l + "\n"));

    private static IEnumerable<string> Lines(Type type)
    {
        string name = Name(type);
        if (type.IsEnum)
        {
            yield return $"{name}: enum {string.Join(", ", Enum.GetNames(type).Zip(Enum.GetValues(type).Cast<object>(), (n, v) => $"{n} = {Convert.ToInt64(v, null)}"))}";
            yield break;
        }
        string kind = type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        string[] bases = [.. new[] { type.BaseType }.OfType<Type>().Where(b => b != typeof(object) && b != typeof(ValueType)).Concat(type.GetInterfaces()).Select(Name).Order(StringComparer.Ordinal)];
        yield return $"{name}: {kind}{(bases.Length == 0 ? "" : $" : {string.Join(", ", bases)}")}";
        foreach (var member in type.GetMembers(Declared).Where(m => !m.IsDefined(typeof(CompilerGeneratedAttribute))))
            if (Line(member) is { } line) yield return $"{name}.{line}";
    }

    private static string? Line(MemberInfo member) => member switch
    {
        FieldInfo f when IsSeen(f.Attributes) => $"{f.Name}: {(f.IsLiteral ? "const " : f.IsStatic ? "static " : "")}{(f.IsInitOnly ? "readonly " : "")}{Name(f.FieldType)}",
        ConstructorInfo c when IsSeen(c) => $"new({Parameters(c)})",
        PropertyInfo p when Accessors(p) is { Length: > 0 } accessors => $"{p.Name}{(p.GetIndexParameters().Length > 0 ? $"[{string.Join(", ", p.GetIndexParameters().Select(Parameter))}]" : "")}: {Static((p.GetMethod ?? p.SetMethod)!)}{Name(p.PropertyType)} {{ {accessors} }}",
        EventInfo e when IsSeen(e.AddMethod!) => $"{e.Name}: event {Name(e.EventHandlerType!)}",
        MethodInfo m when IsSeen(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)) => $"{m.Name}{(m.IsGenericMethod ? $"<{string.Join(", ", m.GetGenericArguments().Select(Name))}>" : "")}({Parameters(m)}): {Static(m)}{Name(m.ReturnType)}",
        _ => null,
    };

    private static bool IsSeen(MethodBase? m) => m is not null && (m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly);

    private static bool IsSeen(FieldAttributes a) => (a & FieldAttributes.FieldAccessMask) is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    private static string Static(MethodInfo m) => m.IsStatic ? "static " : m is { IsAbstract: true, DeclaringType.IsInterface: false } ? "abstract " : m is { IsVirtual: true, IsFinal: false } && m.GetBaseDefinition() == m ? "virtual " : "";

    private static string Accessors(PropertyInfo p)
    {
        bool init = p.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        bool required = p.IsDefined(typeof(RequiredMemberAttribute));
        string[] parts = [.. new[] { IsSeen(p.GetMethod) ? "get;" : null, IsSeen(p.SetMethod) ? (init ? "init;" : "set;") : null }.OfType<string>()];
        return parts.Length == 0 ? "" : $"{(required ? "required " : "")}{string.Join(' ', parts)}";
    }

    private static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo p)
    {
        string by = p.ParameterType.IsByRef ? p.IsOut ? "out " : p.IsIn ? "in " : "ref " : p.IsDefined(typeof(ParamArrayAttribute)) || p.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "";
        return $"{by}{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? $" = {p.DefaultValue ?? (p.ParameterType.IsValueType ? "default" : "null")}" : "")}";
    }

    private static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword)) return keyword;
        if (type.IsGenericParameter) return type.Name;
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsPointer) return Name(type.GetElementType()!) + "*";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Name(underlying) + "?";
        string name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Namespace?.StartsWith("ConvTransfer", StringComparison.Ordinal) == true ? $"{type.Namespace}.{type.Name}" : type.Name;
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
