using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace ConvTransfer.Tests.Architecture;

/// <summary>What a type refers to: in its declaration, its members' signatures, and the code of its methods. Nested types are asked for themselves.</summary>
internal static class TypeReferences
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields().Select(f => f.GetValue(null)).OfType<OpCode>().ToDictionary(o => o.Value);

    /// <summary>The types and, for members of other types that code uses, the members.</summary>
    public static (HashSet<Type> Types, HashSet<MemberInfo> Members) Of(Type type)
    {
        var types = new HashSet<Type>();
        var members = new HashSet<MemberInfo>();
        Add(types, type.BaseType);
        foreach (var i in type.GetInterfaces()) Add(types, i);
        if (type.IsGenericTypeDefinition)
            foreach (var constraint in type.GetGenericArguments().SelectMany(a => a.GetGenericParameterConstraints())) Add(types, constraint);
        foreach (var field in type.GetFields(Everything)) Add(types, field.FieldType);
        foreach (var method in type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)))
        {
            if (method is MethodInfo info) Add(types, info.ReturnType);
            foreach (var parameter in method.GetParameters()) Add(types, parameter.ParameterType);
            if (method.GetMethodBody() is not { } body) continue;
            foreach (var local in body.LocalVariables) Add(types, local.LocalType);
            foreach (var clause in body.ExceptionHandlingClauses)
                if (clause.Flags == ExceptionHandlingClauseOptions.Clause) Add(types, clause.CatchType);
            foreach (var member in Tokens(body.GetILAsByteArray()!).Select(t => Resolve(method, t)))
            {
                members.Add(member);
                Add(types, member as Type ?? member.DeclaringType);
                if (member is MethodInfo { IsGenericMethod: true } generic)
                    foreach (var argument in generic.GetGenericArguments()) Add(types, argument);
            }
        }
        return (types, members);
    }

    private static void Add(HashSet<Type> types, Type? type)
    {
        if (type is null || type.IsGenericParameter) return;
        if (type.HasElementType)
        {
            Add(types, type.GetElementType());
            return;
        }
        if (!type.IsGenericType)
        {
            types.Add(type);
            return;
        }
        if (types.Add(type.GetGenericTypeDefinition()) || !type.IsGenericTypeDefinition)
            foreach (var argument in type.GetGenericArguments()) Add(types, argument);
    }

    private static MemberInfo Resolve(MethodBase method, int token) => method.Module.ResolveMember(
        token,
        method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null,
        method.IsGenericMethod ? method.GetGenericArguments() : null)!;

    // The metadata tokens that the instructions of a method carry.
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (int at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE) value = (short)((0xFE << 8) | code[at++]);
            var operand = OpCodesByValue[value].OperandType;
            switch (operand)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    yield return BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
                    break;
                case OperandType.InlineSwitch:
                    at += 4 * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
                    break;
            }
            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                _ => 4,
            };
        }
    }
}
