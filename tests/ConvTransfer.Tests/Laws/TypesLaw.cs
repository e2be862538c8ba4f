using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Schema;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Law L3: inferred type and shape are those of the computed result; symbolic lengths and unknown values stay consistent with it.</summary>
public sealed class TypesLaw
{
    public static TheoryData<string> Operators => ProblemCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void InferredTypesAreThoseOfTheResult(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var result = Computed(problem);
        var inferred = Infer(problem, (_, x) => x.Data.Type, valuesKnown: true);
        for (int i = 0; i < inferred.Length; i++) Assert.Equal(TensorType.Of(result.Tensors[i].ElementType, result.Tensors[i].Shape), inferred[i]);
    });

    [Theory]
    [MemberData(nameof(Operators))]
    public void SymbolicLengthsStayConsistent(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var result = Computed(problem);
        foreach (bool valuesKnown in new[] { true, false })
        {
            CheckConsistent(problem, result, (_, _) => true, valuesKnown, "every length symbolic");
            for (int i = 0; i < problem.Inputs.Length; i++)
                for (int axis = 0; axis < problem.Inputs[i]?.Data.Dims.Count; axis++)
                    CheckConsistent(problem, result, (input, a) => input == i && a == axis, valuesKnown, $"axis {axis} of input {i} symbolic");
            CheckConsistent(problem, result, (_, _) => false, valuesKnown, "no length symbolic");
        }
    });

    private static void CheckConsistent(OperatorProblem problem, Results result, Func<int, int, bool> isSymbolic, bool valuesKnown, string what)
    {
        what = $"{what}, values {(valuesKnown ? "known" : "not known")}";
        var lengths = new Dictionary<string, long>();
        var inferred = Infer(problem, (input, x) => x.Data.Type with { Dims = x.Data.Dims.Select((length, axis) => isSymbolic(input, axis) ? Symbol(input, axis, length) : (Dim)length).ToValueList() }, valuesKnown, what);
        for (int i = 0; i < inferred.Length; i++)
        {
            var actual = result.Tensors[i];
            Assert.True(inferred[i].ElementType == actual.ElementType, $"{what}: output {i} is inferred as {inferred[i]}, computed {actual}");
            if (inferred[i].Dims is not { } dims) continue;
            bool fits = dims.Count == actual.Shape.Rank;
            for (int axis = 0; fits && axis < dims.Count; axis++)
                fits = dims[axis].MayEqual(actual.Shape[axis]) && (dims[axis].Symbol is not { } s || !lengths.TryGetValue(s, out long length) || length == actual.Shape[axis]);
            Assert.True(fits, $"{what}: output {i} is inferred as {inferred[i]}, computed {actual}");
        }

        Dim Symbol(int input, int axis, long length)
        {
            string name = $"x{input}[{axis}]";
            lengths[name] = length;
            return Dim.Of(name);
        }
    }

    private static TensorType[] Infer(OperatorProblem problem, Func<int, ProblemInput, TensorType> type, bool valuesKnown, string what = "")
    {
        using var constants = new ConstantTable();
        var problems = new ProblemList();
        var walk = new TypeInference(OperatorSet.Standard, domain => problem.ToModel().Opset(domain), constants, problems);
        var schema = OperatorSet.Standard.Find(problem.Node.CanonicalDomain, problem.Node.OpType)!.Schema;
        Parameter[] formal = [.. schema.InputsOf(schema.VersionIn(problem.Opset))];
        for (int i = 0; i < problem.Inputs.Length; i++)
        {
            if (problem.Inputs[i] is not { } x) continue;
            // A plan is made for the values that decide shapes, whether the model holds them or the caller gives them.
            if (valuesKnown && (x.IsConstant || OperatorSchema.At(formal, i) is { DecidesShape: true })) constants.Add($"x{i}", x.Data);
            else walk.Declare($"x{i}", type(i, x));
        }
        walk.Run([problem.Node]);
        // Only where the value is known can it be told whether the node is among those that are supported.
        if (!valuesKnown && problems.HasErrors && problems.All(p => p.Cause == FailureCause.Unsupported && p.Node == problem.Node.DisplayName)) return [];
        Assert.False(problems.HasErrors, $"{what}: {string.Join("; ", problems)}");
        return [.. problem.Node.Outputs.Where(o => o.Length > 0).Select(o => walk.TypeOf(o) ?? throw new InvalidOperationException($"{what}: output '{o}' has no type"))];
    }

    private static Results Computed(OperatorProblem problem)
    {
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        return trial.Reference();
    }
}
